"""The catalogue: every published schedule as an expression, under its name in any library."""

from passo.catalogue.entry import Entry
from passo.catalogue.lookup import ENTRIES, find, knows, named, search

__all__ = ["ENTRIES", "Entry", "find", "knows", "named", "search"]
