"""`Cooldown`: a trunk to some moment, then from the value that it has there down to an end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, final

from passo.ground.checks import one_of
from passo.schedules.algebra.atoms import Value, as_number, as_part, as_value, write_value
from passo.schedules.algebra.length import Length, length_of, total_length
from passo.schedules.algebra.schedule import ATOM, Schedule
from passo.schedules.formula import NUMBERS
from passo.schedules.ramps import half_cosine, powered, straight
from passo.schedules.time import Span, as_span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from passo.schedules.algebra.length import Place
    from passo.schedules.algebra.schedule import Localize, PlateauLike
    from passo.schedules.formula import Formula
    from passo.schedules.time import Run

Descent: TypeAlias = Literal["linear", "cosine", "1-sqrt"]
"""The shape of the last descent."""

_DESCENTS: Final[dict[str, Callable[[float, float, float], Formula]]] = {
    "linear": straight,
    "cosine": half_cosine,
    "1-sqrt": lambda a, b, n: powered(a, b, n, 0.5),
}


@final
@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Cooldown(Schedule):
    """s(t) = part(t) before `at`, then from part(at) to `end` over `over`, held from there on.

    Written `trunk.cooldown(at, over, end, shape)`.
    """

    part: Schedule
    at: Span
    over: Span
    end: Value = 0.0
    shape: Descent = "linear"

    def _check(self) -> None:
        as_part(self.part, "what cools down")
        as_span(self.at, "at", relative=False)
        as_span(self.over, "over", zero=False)
        one_of(self.shape, "shape", Descent)
        self._set(end=as_value(self.end, "end"))

    def _is_open(self) -> bool:
        return self.over.unit == "rest"

    def _is_endless(self) -> bool:
        return False

    def _is_timeless(self) -> bool:
        return False

    def _measure(self, run: Run | None) -> Length:
        return total_length([length_of(self.at, run), length_of(self.over, run)])

    def _filled(self, place: Place, parts: Sequence[Schedule]) -> Schedule:
        """The trunk fills the whole of its place, as if it were never cut; `rest` is from `at`."""
        at = place.measured(self.at)
        if self.over.unit != "rest":
            return self._with(parts, place.measured)
        left = place.with_left(place.left - at.amount)
        return self._with(parts, lambda span: left.measured(span) if span is self.over else at)

    def _build(self) -> Formula:
        trunk, at, length = self.part.compiled(), float(self.at.amount), float(self.over.amount)
        fall = _DESCENTS[self.shape](trunk(at, NUMBERS), as_number(self.end), length)

        def value(t: Any, xp: Any) -> Any:
            if xp is not NUMBERS:
                return xp.chain(t, [0.0, at], [trunk, fall])
            return fall(t - at, xp) if t >= at else trunk(t, xp)

        return value

    def _corners(self, low: float, high: float) -> Iterator[float]:
        at = float(self.at.amount)
        yield from self.part._corners(low, min(high, at))
        yield from (each for each in (at, at + float(self.over.amount)) if low < each <= high)

    def _plateaus(self, local: Localize) -> Iterator[tuple[PlateauLike, Localize]]:
        # A report at the very moment counts: it was made before the cooldown was called for.
        at = float(self.at.amount)

        def before(t: float) -> float | None:
            mine = local(t)
            return mine if mine is not None and mine <= at else None

        yield from self.part._plateaus(before)

    def _write(self) -> str:
        end = "" if self.end == 0.0 else f", end={write_value(self.end)}"
        shape = "" if self.shape == "linear" else f', shape="{self.shape}"'
        return f"{self.part._inner(ATOM)}.cooldown({self.at!r}, {self.over!r}{end}{shape})"
