"""The same tree in other units: every span said in epochs, samples, tokens, percent, or as `rest`.

It works on the plain data of a schedule, so that placing the result must give the tree back.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from hypothesis import strategies as st

from passo import Constant, Run, Schedule, from_spec

KEY = next(key for key, value in Constant(0).to_spec().items() if value == "Constant")


class Here(NamedTuple):
    """What `rest` means at this place, in steps (None: not used here), and whether it may stand."""

    left: Fraction | None
    free: bool = True


def rewritten(draw: Any, placed: Schedule, run: Run) -> Schedule:
    """`placed`, a tree in steps, in many units; on `run` it is the same tree again."""
    return from_spec(_Writer(draw, run).node(placed.to_spec(), Here(run.length.amount)))


def amount(spec: dict[str, Any]) -> Fraction:
    """How long the schedule of this data is, 0 for one that never ends."""
    length = from_spec(spec).length()
    return Fraction(0) if length is None else length.amount


def depth(spec: dict[str, Any]) -> int:
    """How deep a tree is, ends of leaves not counted."""
    below = [spec["part"]] if "part" in spec else spec.get("parts", [])
    return 1 + max((depth(part) for part in below), default=0)


def kinds(spec: Any) -> set[str]:
    """Every kind that stands anywhere in this data."""
    if isinstance(spec, dict):
        own = {spec[KEY]} if KEY in spec else set()
        return own.union(*(kinds(each) for each in spec.values()))
    return set().union(*(kinds(each) for each in spec)) if isinstance(spec, list) else set()


class _Writer:
    def __init__(self, draw: Any, run: Run) -> None:
        self.draw, self.run = draw, run

    def span(self, spec: dict[str, str], here: Here = Here(None)) -> dict[str, str]:
        """The same span in another unit."""
        n, run = Fraction(spec["span"]), self.run
        if here.free and n == here.left and self.draw(st.booleans()):
            return {"span": "0", "unit": "rest"}
        said = {
            "steps": n,
            "epochs": n / run.steps_per_epoch,
            "samples": n * run.samples_per_step,
            "tokens": n * run.tokens_per_step,
            "percent": 100 * n / run.length.amount,
        }
        unit = self.draw(st.sampled_from([k for k in said if k != "percent" or said[k] <= 100]))
        return {"span": str(said[unit]), "unit": unit}

    def node(self, spec: dict[str, Any], here: Here) -> dict[str, Any]:
        """The same node; its parts are told what `rest` means to them."""
        opens = "span" if spec[KEY] == "Until" else "over"
        changed = {
            k: self.value(v, here if k == opens else Here(None))
            for k, v in spec.items()
            if k not in ("part", "parts")
        }
        if spec[KEY] == "Then":
            changed["parts"] = self.parts(spec["parts"], here)
        elif "parts" in spec:
            changed["parts"] = [self.node(part, here) for part in spec["parts"]]
        elif "part" in spec:
            changed["part"] = self.node(spec["part"], _inside(spec, here))
        return changed

    def value(self, value: Any, here: Here) -> Any:
        """The same field; spans in it are written otherwise."""
        if isinstance(value, dict) and "unit" in value:
            return self.span(value, here)
        if isinstance(value, list):
            return [self.value(each, here) for each in value]
        return value

    def parts(self, parts: list[Any], here: Here) -> list[Any]:
        """One part of a then may fill what its siblings leave; the others only if cut."""
        if here.left is None:
            return [self.node(part, here) for part in parts]
        sizes = [amount(part) for part in parts]
        plain = [k for k, part in enumerate(parts) if "over" in part] or range(len(parts))
        chosen, written = self.draw(st.sampled_from(plain)), []
        for k, part in enumerate(parts):
            left = here.left - sum(sizes) + sizes[k] if k == chosen else None
            fits = left is not None and left >= 0
            written.append(self.node(part, Here(left if fits else None, here.free)))
        return written


def _inside(spec: dict[str, Any], here: Here) -> Here:
    if here.left is None:
        return here
    kind, left = spec[KEY], here.left
    if kind == "Stretch":
        return Here(left / Fraction(spec["factor"]), here.free)
    if kind == "Skip":
        return Here(left + Fraction(spec["span"]["span"]), here.free)
    if kind in ("Until", "Cooldown"):
        return Here(left)
    if kind == "Repeat":
        plain = spec["times"] is not None and "over" in spec["part"]
        grown = sum(Fraction(spec["grow"]) ** k for k in range(spec["times"] or 0))
        return Here(left / grown, here.free) if plain else Here(None)
    return here
