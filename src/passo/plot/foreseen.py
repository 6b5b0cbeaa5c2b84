"""From what a law predicts, and what was seen, to a Picture."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.plot.names import UNITS, metric_name, shorten
from passo.plot.picture import COLOURS, DASHES, FEW, Area, Dash, Line, Panel, Picture
from passo.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.law import Comparison, Outcome, Prediction

NOTE: Final = 118
NAMED: Final = 48  # characters of a schedule in the legend
SHOWN: Final = 6  # lines of a comparison, those seen too: more hide each other
LEAST: Final = 2  # of them predicted, the best and the last
ABOVE: Final = 0.15  # of what is shown, left free over it: the first losses are far higher


def is_of_law(thing: Any) -> bool:
    """Whether something is a Prediction or a Comparison.

    The room of the law is asked only where it is there already: it needs numpy, and who draws
    something else may have none.

    >>> is_of_law("a Prediction")
    False
    """
    law = sys.modules.get("passo.law")
    return law is not None and isinstance(thing, (law.Prediction, law.Comparison))


def of_law(thing: Prediction | Comparison, seen: Sequence[Any], title: str | None) -> Picture:
    """The losses that were seen, thin, over them those that are predicted, and the best's band."""
    outcomes: Sequence[Outcome] = getattr(thing, "outcomes", ())
    made: Any = outcomes[0].prediction if outcomes else thing
    traces = _traces(seen)
    shown = max(LEAST, SHOWN - len(traces))
    lines = (
        _several(outcomes, shown) if outcomes else (_line("predicted", made, repr(made.schedule)),)
    )
    lines = tuple(replace(e, colour=_colour(k), dash=_dash(k)) for k, e in enumerate(lines))
    lines = (replace(lines[0], width=2.4), *lines[1:])
    past = _seen(traces, made.metric, len(lines))
    area = Area("band of the best" if outcomes else "band", made.at, made.low, made.high)
    top = _top((*lines, *past), made)
    what = metric_name(made.metric)
    many = f" of {len(outcomes)} schedules" if outcomes else ""
    return Picture(
        title or f"Predicted {what}{many} over {made.at[-1]:,} updates",
        UNITS["step"],
        (Panel(what, (*past, *lines), height=2.0, areas=(area,), top=top),),
        shorten("; ".join((_end(made, outcomes), *made.warnings)), NOTE),
    )


def _line(before: str, made: Prediction, name: str) -> Line:
    return Line(f"{before}: {shorten(name, NAMED)}", made.at, made.loss, width=1.4)


def _several(outcomes: Sequence[Outcome], most: int) -> tuple[Line, ...]:
    """The best ones and the last, each with its end."""
    chosen = outcomes if len(outcomes) <= most else (*outcomes[: most - 1], outcomes[-1])
    return tuple(_line(f"{e.prediction.end:.4g}", e.prediction, e.name) for e in chosen)


def _end(made: Prediction, outcomes: Sequence[Outcome]) -> str:
    end = f"{made.end:.4g} ± {made.margin:.2g}"
    if not outcomes:
        return f"the end is {end}"
    return f"{shorten(outcomes[0].name, NAMED)} ends lowest, at {end}"


def _traces(given: Sequence[Any]) -> list[Trace]:
    """The traces, one by one or as a list; nothing else goes under a prediction."""
    several = given[0] if len(given) == 1 and isinstance(given[0], (list, tuple)) else given
    for each in several:
        if not isinstance(each, Trace):
            raise PassoError(
                f"beside a prediction draw shows the Traces that were seen, got {brief(each)}; "
                "write draw(prediction, trace)"
            )
    return list(several)


def _seen(traces: Sequence[Trace], metric: str, place: int) -> tuple[Line, ...]:
    """The reported losses of each trace, in colours that the predicted ones have not."""
    found = []
    for number, trace in enumerate(traces):
        x, y = trace.series(metric)
        which = f"seen {number + 1}" if len(traces) > 1 else "seen"
        plan = trace.plan.get("lr") if isinstance(trace.plan, Mapping) else trace.plan
        label = f"{which}: {shorten(plan, NAMED)}" if plan else which
        at = place + number
        found.append(Line(label, x, y, _colour(at), _dash(at), marks=len(x) <= FEW // 2, width=1.0))
    return tuple(found)


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]


def _dash(place: int) -> Dash:
    return DASHES[place // len(COLOURS) % len(DASHES)]


def _top(lines: Sequence[Line], made: Prediction) -> float:
    """The highest loss from where the prediction begins, and some room."""
    pairs = (pair for each in lines for pair in zip(each.x, each.y, strict=True))
    late = [y for x, y in pairs if x >= made.at[0] and math.isfinite(y)]
    low, high = min((*late, *made.low)), max((*late, *made.high))
    return high + ABOVE * (high - low)
