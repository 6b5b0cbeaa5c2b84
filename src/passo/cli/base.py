"""The application, and what several commands need."""

from __future__ import annotations

import atexit
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from passo.ground.files import cannot_write, refuse_unwritable, refuse_written_over, replacing
from passo.ground.terminal import columns, let_write
from passo.schedules import PassoError

if TYPE_CHECKING:
    from passo.law import Law
    from passo.plot.backends import Backend
    from passo.schedules import Run, Schedule
    from passo.schedules.time import Axis

_WIDTH: Final = 80  # of a picture, where the terminal has room for it
_AS_THE_SCRIPT: Final = ("doctor",)  # commands in which a script writes as it would alone
NO_ANSWER: Final = 1
BAD_INPUT: Final = 2
SIGNALLED: Final = 128  # and the number of the signal
INTERRUPTED: Final = SIGNALLED + signal.SIGINT
_TYPED: Final = {
    "schedule.with_base(0.1)": "--lr 0.1",
    ".with_base(0.1)": "--lr 0.1",
    'to="csv"': "--to csv",
    "metric= with": "--metric with",
}


class Command(TyperCommand):
    """A command whose help shows no type where there is nothing to type."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, flags among them, which take no value."""
        return _flags_bare(super().get_params(ctx))

    def invoke(self, ctx: Any) -> Any:
        """Run it, on a terminal that need not know every character."""
        if self.name not in _AS_THE_SCRIPT:
            let_write()
        return super().invoke(ctx)


class _Commands(TyperGroup):
    """All of them, in the same way."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _flags_bare(super().get_params(ctx))


def _flags_bare(parameters: list[Any]) -> list[Any]:
    for each in parameters:
        if getattr(each, "is_flag", False):
            each.metavar = ""
    return parameters


app = typer.Typer(cls=_Commands, no_args_is_help=True, pretty_exceptions_enable=False)
command = partial(app.command, cls=Command)


def _say_version(asked: bool) -> None:  # noqa: FBT001 (typer hands it in)
    if asked:
        typer.echo(f"passo {version('passo')}")
        raise typer.Exit


@app.callback()
def passo(
    *,
    asked: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_say_version, help="Say which passo."),
    ] = False,
) -> None:
    """Schedules for every number that moves while a PyTorch network trains."""


def main() -> None:
    """Run the command line; an error is one line on stderr and exit status 2."""
    try:
        app()
    except PassoError as error:
        typer.echo(f"passo: {error}", err=True)
        sys.exit(BAD_INPUT)


class Death:
    """Ends this process by a signal, as Python ends a script that Ctrl-C interrupted.

    Made before anything else is imported, it comes last of what runs at the exit.
    """

    def __init__(self) -> None:
        self.by: int | None = None
        atexit.register(self._die)

    def _die(self) -> None:
        if self.by is not None and os.name == "posix":
            sys.stdout.flush()
            sys.stderr.flush()
            signal.signal(self.by, signal.SIG_DFL)
            os.kill(os.getpid(), self.by)


def refuse_outputs(
    *files: Path | None,
    png: Path | None = None,
    html: Path | None = None,
    read: Sequence[str | os.PathLike[str]] = (),
) -> None:
    """Refuses before the work what could not be written after it, or over what is `read`.

    None is not asked for.
    """
    from passo.plot import refuse_undrawable

    if png is not None:
        refuse_undrawable(png)
    if html is not None:
        refuse_undrawable(html, "plotly")
    for each in files:
        if each is not None:
            refuse_unwritable(each)
    refuse_written_over([each for each in (*files, png, html) if each is not None], read)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """An error of the disk is told as one line."""
    try:
        yield
    except OSError as error:
        raise cannot_write(path, error) from None


def draw_into(
    thing: Any, path: Path, backend: Backend = "matplotlib", beside: Sequence[Any] = ()
) -> None:
    """Draw something into a file, with what goes beside it, and say so."""
    from passo.plot import draw, save

    with writing(path):
        save(draw(thing, *beside, backend=backend), path)
    typer.echo(f"drawn into {path}")


def draw_here(thing: Any, *beside: Any) -> None:
    """Draw something on the terminal, as wide as that is, with what goes beside it."""
    from passo.plot import draw

    typer.echo(draw(thing, *beside, backend="terminal", width=columns(_WIDTH)))


def write_into(path: Path, text: str) -> None:
    """Write a text into a file, whole or not at all, and say so."""
    with writing(path), replacing(path) as file:
        file.write(text.encode())
    typer.echo(f"written into {path}")


def law_in(path: Path | None) -> Law | None:
    """The law that a file holds, where one is given."""
    if path is None:
        return None
    from passo.law import Law

    try:
        return Law.load(path)
    except OSError as error:
        msg = (
            f"cannot read the law {str(path)!r}: {error.strerror}; "
            "passo predict run.jsonl --keep law.json makes one"
        )
        raise PassoError(msg) from None


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
    """An error that asks for an argument or a method asks for the option that stands for it."""
    try:
        yield
    except PassoError as error:
        text = str(error)
        for name in rates:
            option = _options(name).strip()
            text = text.replace(f"write Run(..., {name}=...)", f"write {option}")
        for written, typed in _TYPED.items():
            text = text.replace(f"write {written}", f"write {typed}")
        raise type(error)(text) from None
