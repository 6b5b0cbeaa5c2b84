"""`draw`: the one door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias, overload, runtime_checkable

from passo.ground.calls import called_like
from passo.ground.checks import brief, real
from passo.ground.errors import PassoError
from passo.ground.extras import is_there
from passo.plot.backends import Backend, backend_of
from passo.plot.backends.matplotlib import axes, paint
from passo.plot.compose import of_curves, of_explanation, of_trace
from passo.plot.foreseen import is_of_law, of_law
from passo.plot.picture import Picture
from passo.plot.planned import Planned
from passo.plot.planned import planned as of_its_own
from passo.plot.ranges import of_range_test
from passo.schedules.curve import Curve
from passo.schedules.explain import Explanation
from passo.trace import RangeTest, Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Plans: TypeAlias = "Mapping[str, Curve] | Sequence[Planned]"
LARGEST = 100_000  # pixels of a plotly figure; of inches matplotlib itself has less
NEED = (
    "draw needs a Curve, several, a mapping of label to Curve, a Trace, RangeTest, Explanation, "
    "Prediction or Comparison; "
    "write schedule.curve(run) for a schedule, poster({...}) for several traces"
)


@runtime_checkable
class Depicted(Protocol):
    """What says itself how it looks, such as a Comparison."""

    def picture(self) -> Picture:
        """All of it as a Picture."""
        ...


@overload
def draw(
    thing: Any,
    *more: Any,
    ax: Axes | None = ...,
    backend: Literal["matplotlib"] = ...,
    title: str | None = ...,
    width: float | None = ...,
    height: float | None = ...,
    marks: Sequence[tuple[float, str]] = ...,
    planned: Plans | None = ...,
) -> Axes: ...
@overload
def draw(
    thing: Any,
    *more: Any,
    ax: None = ...,
    backend: Literal["plotly"],
    title: str | None = ...,
    width: float | None = ...,
    height: float | None = ...,
    marks: Sequence[tuple[float, str]] = ...,
    planned: Plans | None = ...,
) -> Any: ...
@overload
def draw(
    thing: Any,
    *more: Any,
    ax: None = ...,
    backend: Literal["terminal"],
    title: str | None = ...,
    width: float | None = ...,
    height: float | None = ...,
    marks: Sequence[tuple[float, str]] = ...,
    planned: Plans | None = ...,
) -> str: ...
@overload
def draw(
    thing: Any,
    *more: Any,
    ax: None = ...,
    backend: Backend,
    title: str | None = ...,
    width: float | None = ...,
    height: float | None = ...,
    marks: Sequence[tuple[float, str]] = ...,
    planned: Plans | None = ...,
) -> Any: ...
@called_like("draw(trace), or draw(schedule.curve(run))")
def draw(
    thing: Any,
    *more: Any,
    ax: Axes | None = None,
    backend: Backend = "matplotlib",
    title: str | None = None,
    width: float | None = None,
    height: float | None = None,
    marks: Sequence[tuple[float, str]] = (),
    planned: Plans | None = None,
) -> Any:
    """A picture of a Curve, several, a Trace, RangeTest, Explanation, Prediction or Comparison.

    Several Curves are given one by one, or as `{label: curve}`.

    An Explanation shows both curves over their difference, with what was found marked. A Comparison
    shows losses over the bases, or how far each plan is behind the best one.
    A Trace shows the value that each update used over its losses, in panels that share their x
    axis; every number is drawn as it is, jumps are jumps. A RangeTest shows its losses over the
    value, and what it suggests; what is far above the first loss is cut off. A Prediction is shown
    with its band, over the losses of the traces that follow it, `draw(prediction, trace)`; of a
    Comparison the best ones are, and the last.

    `backend="matplotlib"` gives the (top) Axes, on `ax` or a new figure (`ax.figure.axes` has them
    all), `"plotly"` its Figure, `"terminal"` text. A notebook shows the Axes as a cell's last line,
    and `plt.show()` shows the figure where pyplot is in use (the last ten of them; one that was
    shown or saved is closed). `width` and `height` are inches, pixels (without
    a width it is as wide as the window) or characters. `marks` are updates with a name, such as
    where the doctor found something.

    `planned` is drawn thin and dashed over what a Trace used: without it what the trace's own plan
    says, where that can be known, over the whole run. `{"lr": curve}` has a Curve for a field of
    every group, `()` draws none. Raises `PassoError` for anything else, and where a library is
    missing (it names the extra).

    >>> from passo.trace import Column, Trace
    >>> ax = draw(Trace(3, ("all",), (Column(0, "lr", (0, 2), (0.1, 0.01)),)), title="A drop")
    >>> ax.get_title(), ax.get_ylabel(), ax.get_xlabel()
    ('A drop', 'learning rate', 'update (step)')
    """
    _check_looks(ax, title, width, height)
    picture = _picture((thing, *more), title, planned)
    picture = replace(picture, marks=picture.marks + _marks(marks))
    drawn = backend_of(backend)
    if ax is None:
        return drawn(picture, width, height)
    if backend != "matplotlib" or width or height:
        raise PassoError(
            "'ax' has a library and a size of its own; leave out backend, width, height"
        )
    return paint(picture, ax)


def _check_looks(ax: Any, title: Any, width: Any, height: Any) -> None:
    """Refuse what no backend can draw on, or as large as."""
    if ax is not None and not hasattr(ax, "get_xlabel"):
        raise PassoError(f"'ax' must be matplotlib's Axes, got {brief(ax)}; write ax=plt.gca()")
    if title is not None and not isinstance(title, str):
        raise PassoError(f"'title' must be text, got {brief(title)}")
    for name, size in (("width", width), ("height", height)):
        if size is not None and not 0 < real(size, f"'{name}'") <= LARGEST:
            raise PassoError(f"'{name}' must be above 0 and at most {LARGEST}, got {brief(size)}")


def png(thing: Any) -> bytes | None:
    """What a notebook shows of a value; None without matplotlib, and where nothing is to be seen.

    >>> from passo.schedules import Linear, Run, steps
    >>> png(Linear(0, 1, steps(9)).curve(Run(steps(9))))[1:4]
    b'PNG'
    """
    if not is_there("matplotlib"):
        return None
    try:
        picture = _picture((thing,), None, None)
    except PassoError:  # a trace without values or losses: its line says so
        return None
    from passo.plot.figures import png_of, whole

    return png_of(whole(axes(picture, shown=False)))


def _marks(marks: Sequence[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Updates with a name each."""
    try:
        return tuple((real(update, "a mark's update"), str(name)) for update, name in marks)
    except PassoError:
        raise
    except (TypeError, ValueError):
        msg = f"marks are pairs of an update and a name, got {brief(marks)}; write [(500, 'here')]"
        raise PassoError(msg) from None


def _picture(things: tuple[Any, ...], title: str | None, plans: Plans | None) -> Picture:
    """What is to be seen of the things."""
    if len(things) == 1 and isinstance(things[0], Trace):
        trace = things[0].sampled()
        return of_trace(trace, title, _plans(trace, plans))
    if plans is not None:
        raise PassoError("'planned' goes over what a Trace used; leave it out, or draw a Trace")
    if is_of_law(things[0]):
        return of_law(things[0], things[1:], title)
    if len(things) == 1 and isinstance(things[0], RangeTest):
        return of_range_test(things[0], title)
    if len(things) == 1 and isinstance(things[0], Explanation):
        return of_explanation(things[0], title)
    if len(things) == 1 and isinstance(things[0], Depicted):
        made = things[0].picture()
        return made if title is None else replace(made, title=title)
    return _of_curves(things, title)


def _of_curves(things: tuple[Any, ...], title: str | None) -> Picture:
    """One curve or several, refused where one is none."""
    first = things[0]
    named = first.items() if len(things) == 1 and isinstance(first, Mapping) else None
    pairs: list[tuple[str | None, Any]] = [(None, each) for each in things]
    if named is not None:
        pairs = list(named)
    for _, each in pairs:
        if not isinstance(each, Curve):
            raise PassoError(f"{NEED}; got {type(each).__name__}")
    if not pairs:
        raise PassoError(f"{NEED}; got {first!r}")
    return of_curves(pairs, title)


def _plans(trace: Trace, given: Plans | None) -> tuple[Planned, ...]:
    """What goes over the used values."""
    if given is None:
        return of_its_own(trace)
    several = given if isinstance(given, (tuple, list)) else [given]
    pairs: Any = given.items() if isinstance(given, Mapping) else [(None, e) for e in several]
    return tuple(_plan(trace, *pair) for pair in pairs)


def _plan(trace: Trace, key: Any, given: Any) -> Planned:
    """One of them, of a field that the trace has."""
    made = given
    if isinstance(given, Curve) and isinstance(key, str):
        if given.relative:
            raise PassoError(
                f"the base of the curve for {key!r} is open; "
                "write schedule.with_base(0.1).curve(run)"
            )
        made = Planned.of(key, None, given)
    if not isinstance(made, Planned) or made.key not in trace.keys:
        known = ", ".join(map(repr, trace.keys)) or "none"
        got = brief(given) if key is None else f"{{{key!r}: {brief(given)}}}"
        need = f'; write planned={{"{trace.keys[0]}": schedule.curve(run)}}' if trace.keys else ""
        raise PassoError(
            f"'planned' needs a Curve for a field of the trace, which has {known}{need}, got {got}"
        )
    return made
