"""The command line: show, check, find, doctor, list, demo. Each command imports what it needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperCommand

from passo.schedules import NeedsRun, PassoError

if TYPE_CHECKING:
    from passo.schedules import Run, Schedule
    from passo.schedules.curve import Curve
    from passo.schedules.twins import Twin

_MOST_ROWS: Final = 40
_NO_ANSWER: Final = 1
_BAD_INPUT: Final = 2
_INTERRUPTED: Final = 130

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
        sys.exit(_BAD_INPUT)


@app.command()
def show(
    expression: Annotated[
        str, typer.Argument(help='a schedule, "warmup_cosine(3e-4)", or a class of torch, "StepLR"')
    ],
    run: Annotated[str, typer.Option(help='how long the run is: "90 epochs", "10000 steps"')] = "",
    steps_per_epoch: Annotated[
        float | None, typer.Option(help="updates, not batches, in an epoch")
    ] = None,
    samples_per_step: Annotated[float | None, typer.Option(help="samples in an update")] = None,
    tokens_per_step: Annotated[float | None, typer.Option(help="tokens in an update")] = None,
    lr: Annotated[float | None, typer.Option(help="the number that base stands for")] = None,
    png: Annotated[Path | None, typer.Option(help="also draw the curve into this file")] = None,
) -> None:
    """Show a schedule: its curve, and a table of its corners."""
    from passo.schedules.spec import parse
    from passo.schedules.twins import twin

    known = twin(expression)
    if known is not None:
        _print_twin(known)
        if not run:
            return
    rates = {
        "steps_per_epoch": steps_per_epoch,
        "samples_per_step": samples_per_step,
        "tokens_per_step": tokens_per_step,
    }
    schedule = parse(known.expression if known else expression)
    curve = _curve(schedule, run, rates, lr)
    _print_curve(curve)
    if png is not None:
        _draw(curve, png)


@app.command("list")
def list_() -> None:
    """Name the shapes and the recipes, one line each."""
    from passo.schedules import algebra, feedback, recipes, shapes

    feedbacks = {"Plateau": feedback.Plateau}
    groups: dict[str, dict[str, Any]] = {
        "shapes": {name: getattr(shapes, name) for name in shapes.__all__} | feedbacks,
        "recipes": {name: getattr(recipes, name) for name in recipes.__all__},
        "methods": {f".{name}": getattr(algebra.Schedule, name) for name in _methods()},
    }
    for title, members in groups.items():
        lines = [f"  {name:<19} {_first_line(member)}" for name, member in members.items()]
        typer.echo("\n".join([title, *lines]))


@app.command()
def find(
    place: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py:FUNCTION",
            help="a function that answers: train_step, optimizer, a list of what to restore",
        ),
    ],
    *,
    key: Annotated[str, typer.Option(help="the field of the param groups")] = "lr",
    low: Annotated[float, typer.Option(help="the lowest value")] = 1e-7,
    high: Annotated[float, typer.Option(help="the highest value")] = 10.0,
    steps: Annotated[int, typer.Option(help="updates")] = 100,
    ramp: Annotated[str, typer.Option(help='"exponential" or "linear"')] = "exponential",
    stop: Annotated[float, typer.Option(help="stop at a rise of so many falls")] = 4.0,
    repeats: Annotated[int, typer.Option(help="so often, with other random numbers")] = 1,
    png: Annotated[Path | None, typer.Option(help="also draw the curve into this file")] = None,
    json: Annotated[Path | None, typer.Option(help="also write all of it into this file")] = None,
) -> None:
    """Find a learning rate: a range test of your own training step (exit 1: no suggestion)."""
    from passo.optim.setups import range_test_of
    from passo.plot import draw

    test = range_test_of(
        place,
        key=key,
        low=low,
        high=high,
        steps=steps,
        ramp=ramp,
        stop=stop,
        repeats=repeats,
        progress=sys.stderr.isatty(),
    )
    found = test.suggestion()
    typer.echo(draw(test, backend="terminal"))
    if found:
        typer.echo(f"suggested: {found.best:.2g} ({found.low:.2g} to {found.high:.2g})")
    typer.echo(f"{f'sure {found.sure:.2f}' if found else 'no suggestion'}: {found.reason}")
    if png is not None:
        _draw(test, png)
    if json is not None:
        with _writing(json):
            test.write(json)
        typer.echo(f"written into {json}")
    if not found:
        raise typer.Exit(_NO_ANSWER)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="the folder to write")] = Path("passo-demo"),
    quick: Annotated[bool, typer.Option("--quick", help="a small run, in seconds")] = False,  # noqa: FBT002
    seeds: Annotated[
        int | None, typer.Option(help="seeds for each schedule; without it 3, or 1 with --quick")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="a schedule by name; may be given several times")
    ] = None,
) -> None:
    """Train a network on real digits with a dozen schedules, and report which does what."""
    from passo.demo import run_demo

    try:
        run_demo(out, quick=quick, seeds=seeds, only=only)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


class _Doctor(TyperCommand):
    """What follows a script, or a module, is its own."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts the end of our options right after the module."""
        place = 0
        while place < len(args) and args[place].startswith("-") and args[place] != "-m":
            place += 1 if args[place] == "--strict" or "=" in args[place] else 2
        if args[place : place + 1] == ["-m"]:
            args = [*args[: place + 2], "--", *args[place + 2 :]]
        return super().parse_args(ctx, args)


@app.command(cls=_Doctor, context_settings={"allow_interspersed_args": False})
def doctor(  # noqa: PLR0917 (typer reads options from the parameters)
    script: Annotated[str, typer.Argument(help="what to run, as it is: train.py")] = "",
    arguments: Annotated[
        list[str] | None, typer.Argument(help="all that follows is the script's own")
    ] = None,
    module: Annotated[
        str, typer.Option("-m", help="run a module instead, as python -m does", metavar="MODULE")
    ] = "",
    html: Annotated[Path | None, typer.Option(help="also write a page")] = None,
    json: Annotated[Path | None, typer.Option(help="also write the findings as JSON")] = None,
    record: Annotated[Path | None, typer.Option(help="also keep the traces in this folder")] = None,
    max_updates: Annotated[int | None, typer.Option(help="stop after so many updates")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="exit status 1 on findings")] = False,  # noqa: FBT002
) -> None:
    """Run a training script, unmodified, and say what is wrong with its schedule."""
    from passo.doctor.command import examine

    own = [*([script] if module and script else []), *(arguments or [])]
    if not module and not script:
        msg = "doctor needs a script; write passo doctor train.py, or passo doctor -m package"
        raise PassoError(msg)
    status = examine(
        module or script,
        own,
        module=bool(module),
        most=max_updates,
        html=html,
        as_json=json,
        record=record,
        strict=strict,
    )
    sys.exit(status)


@app.command()
def check(  # noqa: PLR0917 (typer reads options from the parameters)
    expression: Annotated[str, typer.Argument(help="a schedule, or a file that holds one")],
    run: Annotated[str, typer.Option(help='how long the run is: "90 epochs", "10000 steps"')] = "",
    steps_per_epoch: Annotated[float | None, typer.Option(help="updates in an epoch")] = None,
    samples_per_step: Annotated[float | None, typer.Option(help="samples in an update")] = None,
    tokens_per_step: Annotated[float | None, typer.Option(help="tokens in an update")] = None,
    lr: Annotated[float | None, typer.Option(help="the number that base stands for")] = None,
    key: Annotated[str, typer.Option(help="the field that it is for")] = "lr",
    strict: Annotated[bool, typer.Option("--strict", help="exit status 1 on findings")] = False,  # noqa: FBT002
) -> None:
    """Say what is wrong with a schedule before anything is paid for."""
    from passo.doctor import check as look
    from passo.doctor.plans import read_plan
    from passo.doctor.report import entry

    rates = {
        "steps_per_epoch": steps_per_epoch,
        "samples_per_step": samples_per_step,
        "tokens_per_step": tokens_per_step,
    }
    found = []
    for name, schedule in read_plan(expression, key).items():
        found += look(schedule, _run(schedule, run, rates), base=lr, key=name)
    typer.echo("\n\n".join("\n".join(entry(each)) for each in found) or "nothing found")
    sys.exit(int(strict and bool(found)))


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        msg = f"cannot write {str(path)!r}: {error.strerror}"
        raise PassoError(msg) from None


def _draw(thing: Any, path: Path) -> None:
    from passo.plot import draw, save

    with _writing(path):
        save(draw(thing), path)
    typer.echo(f"drawn into {path}")


def _methods() -> tuple[str, ...]:
    from passo.schedules.spec.text import METHODS

    return METHODS


def _first_line(member: Any) -> str:
    return str(member.__doc__).strip().splitlines()[0]


def _run(schedule: Schedule, length: str, rates: dict[str, float | None]) -> Run:
    """The run that the options describe, or the schedule's own length in steps."""
    from passo.schedules import Run, Span, parse_span

    if length:
        span = parse_span(length)
        axis = {"tokens": "token", "samples": "sample"}.get(span.unit, "step")
        known = rates["tokens_per_step" if axis == "token" else "samples_per_step"] is not None
        return Run(span, axis="step" if known else axis, **rates)
    own = schedule._length()
    units = set(schedule._units)
    if units <= {"steps"} and own is not None and own.unit == "steps" and own.amount > 0:
        return Run(Span(own.amount, "steps"))
    first = next((schedule._span_in(unit) for unit in sorted(units - {"steps"})), None)
    why = "it never ends" if first is None else f"{first!r} is measured on it"
    msg = (
        f"{schedule!r} needs a run, since {why}; "
        'write --run "90 epochs" --steps-per-epoch 391, or --run "10000 steps"'
    )
    raise PassoError(msg)


def _curve(schedule: Schedule, run: str, rates: dict[str, float | None], lr: float | None) -> Curve:
    from passo.schedules.curve import Curve

    try:
        return Curve.of(schedule, _run(schedule, run, rates), base=lr)
    except PassoError as error:
        text = str(error)
        for name in rates:
            option = f"--{name.replace('_', '-')}"
            text = text.replace(f"write Run(..., {name}=...)", f"write {option} 391")
        raise type(error)(text) from None


def _print_twin(twin: Twin) -> None:
    typer.echo(f"torch   {twin.call}\npasso   {twin.expression}")
    if twin.remark:
        typer.echo(f"        {twin.remark}")


def _print_curve(curve: Curve) -> None:
    from passo.plot import draw

    typer.echo(draw(curve, backend="terminal"))
    _print_table(curve)
    corners = ", ".join(f"{corner.time:,.10g}" for corner in curve.corners[:_MOST_ROWS])
    unit = curve.run.unit
    typer.echo(
        f"corners at {corners or 'none'} ({unit}); at the end, {curve.times[-1]:,.10g}, "
        f"it would be {curve.values[-1]:.8g}"
    )
    if curve.relative:
        typer.echo("base is open: values are multiples of it; --lr 0.1 gives it a number")


def _print_table(curve: Curve) -> None:
    """What the updates at the corners use; nothing where the run does not count updates."""
    from rich.console import Console
    from rich.table import Table

    try:
        rows = curve.rows()
    except NeedsRun:
        return
    typer.echo(f"\n{curve.run!r}: what the updates nearest to each corner use")
    table = Table()
    table.add_column("update", justify="right")
    table.add_column("value / base" if curve.relative else "value", justify="right")
    for row in rows[:_MOST_ROWS]:
        table.add_row(f"{row.update:,}", f"{row.value:.8g}")
    if len(rows) > _MOST_ROWS:
        table.caption = f"and {len(rows) - _MOST_ROWS:,} more"
    Console().print(table)


if __name__ == "__main__":
    main()
