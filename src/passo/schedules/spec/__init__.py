"""Schedules as text, as plain data and as JSON; all of them read without running anything."""

from passo.schedules.spec.data import from_json, from_spec, to_json, to_spec
from passo.schedules.spec.length import parse_run
from passo.schedules.spec.text import parse, parse_span

__all__ = ["from_json", "from_spec", "parse", "parse_run", "parse_span", "to_json", "to_spec"]
