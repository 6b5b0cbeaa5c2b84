"""Schedules as text, as plain data and as JSON; all of them read without running anything."""

from passo.schedules.text.data import from_json, from_spec, to_json, to_spec
from passo.schedules.text.parser import parse, parse_run, parse_span

__all__ = ["from_json", "from_spec", "parse", "parse_run", "parse_span", "to_json", "to_spec"]
