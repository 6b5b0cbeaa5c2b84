"""The application, and what several commands need."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from passo.schedules import PassoError

if TYPE_CHECKING:
    from passo.schedules import Run, Schedule
    from passo.schedules.time import Axis

NO_ANSWER: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130

app = typer.Typer(
    help="Schedules for every number that moves while a PyTorch network trains.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; an error is one line on stderr and exit status 2."""
    try:
        app()
    except PassoError as error:
        typer.echo(f"passo: {error}", err=True)
        sys.exit(BAD_INPUT)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """An error of the disk is told as one line."""
    try:
        yield
    except OSError as error:
        msg = f"cannot write {str(path)!r}: {error.strerror}"
        raise PassoError(msg) from None


def draw_into(thing: Any, path: Path) -> None:
    """Draw something into a file, and say so."""
    from passo.plot import draw, save

    with writing(path):
        save(draw(thing), path)
    typer.echo(f"drawn into {path}")


def as_run(schedule: Schedule, length: str, rates: dict[str, float | None]) -> Run:
    """The run that the options describe, or the schedule's own length in steps."""
    from passo.schedules import Run, Span, parse_span
    from passo.schedules.time import AXES

    if length:
        span = parse_span(length)
        known = rates.get(f"{span.unit}_per_step") is not None
        axes: list[Axis] = [a for a, unit in AXES.items() if unit == span.unit and not known]
        return Run(span, axis=axes[0] if axes else "step", **rates)
    own = schedule.length()
    units = set(schedule.units)
    if units <= {"steps"} and own is not None and own.unit == "steps" and own.amount > 0:
        return Run(Span(own.amount, "steps"))
    first = next((schedule.span_in(unit) for unit in sorted(units - {"steps"})), None)
    why = "it never ends" if first is None else f"{first!r} is measured on it"
    more = [f"{unit}_per_step" for unit in sorted(units & {"samples", "tokens"})]
    by_epochs = _options("steps_per_epoch", *more)
    by_steps = _options(*(["steps_per_epoch"] if "epochs" in units else []), *more)
    msg = (
        f"{schedule!r} needs a run, since {why}; "
        f'write --run "90 epochs"{by_epochs}, or --run "10000 steps"{by_steps}'
    )
    raise PassoError(msg)


def _options(*rates: str) -> str:
    return "".join(f" --{rate.replace('_', '-')} 391" for rate in rates)


@contextmanager
def in_options(rates: dict[str, float | None]) -> Iterator[None]:
    """An error that asks for an argument of `Run` asks for the option that hands it in."""
    try:
        yield
    except PassoError as error:
        text = str(error)
        for name in rates:
            option = _options(name).strip()
            text = text.replace(f"write Run(..., {name}=...)", f"write {option}")
        raise type(error)(text) from None
