"""Commands that look at schedules, without torch: show, list, check."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from passo.cli.base import as_run, command, draw_here, draw_into, in_options, law_in
from passo.cli.names import REST, SPANS, written_out
from passo.cli.published import card, having, published
from passo.schedules import NeedsRun, PassoError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.catalogue import Entry
    from passo.schedules import Schedule
    from passo.schedules.curve import Curve
    from passo.schedules.from_torch import Twin

_MOST_ROWS: Final = 40


@command()
def show(
    expression: Annotated[
        str,
        typer.Argument(
            help='a schedule, "warmup_cosine(peak=3e-4)", or its name in any library, "StepLR"'
        ),
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
    from passo.schedules.from_torch import twin
    from passo.schedules.text import parse

    rates = {
        "steps_per_epoch": steps_per_epoch,
        "samples_per_step": samples_per_step,
        "tokens_per_step": tokens_per_step,
    }
    is_drawn = bool(run) or any(each is not None for each in (*rates.values(), lr, png))
    entries = published(expression)
    if entries:
        curves = _curves(entries, run, rates, lr) if is_drawn else {}
        if png is not None and not curves:
            name = entries[0].name
            msg = f'{name!r} has no expression to draw; write passo show "{name}" without --png'
            raise PassoError(msg)
        for entry in entries:
            typer.echo(card(entry))
            if entry.name in curves:
                _print_curve(curves[entry.name])
        if png is not None:
            draw_into(curves if len(curves) > 1 else next(iter(curves.values())), png)
        return
    known = twin(expression)
    if known is not None and not is_drawn:
        _print_twin(known)
        return
    schedule = parse(known.expression if known else written_out(expression))
    curve = _curve(schedule, run, rates, lr)
    if known is not None:
        _print_twin(known)
    _print_curve(curve)
    if png is not None:
        draw_into(curve, png)


@command("list")
def list_(
    search: Annotated[
        str, typer.Option(help='only what has this word, published schedules too: "restart"')
    ] = "",
) -> None:
    """Name the shapes, the recipes, the methods and the spans, one line each."""
    from passo.schedules import algebra, recipes, shapes, time

    groups: dict[str, dict[str, Any]] = {
        "shapes": {name: getattr(shapes, name) for name in shapes.__all__},
        "recipes": {name: getattr(recipes, name) for name in recipes.__all__},
        "methods": {f".{name}": getattr(algebra.Schedule, name) for name in _methods()},
    }
    lists = {
        title: {name: _first_line(member) for name, member in members.items()}
        for title, members in groups.items()
    }
    lists["spans"] = {name: _first_line(getattr(time, name)) for name in SPANS} | {"rest": REST}
    if search:
        lists = having(search, lists)
    for title, lines in lists.items():
        wide = max(map(len, lines))
        rows = [f"  {name:<{max(wide, 19)}} {line}" for name, line in lines.items()]
        typer.echo("\n".join([title, *rows]))


@command()
def check(  # noqa: PLR0917 (typer reads options from the parameters)
    expression: Annotated[str, typer.Argument(help="a schedule, or a file that holds one")],
    run: Annotated[str, typer.Option(help='how long the run is: "90 epochs", "10000 steps"')] = "",
    steps_per_epoch: Annotated[float | None, typer.Option(help="updates in an epoch")] = None,
    samples_per_step: Annotated[float | None, typer.Option(help="samples in an update")] = None,
    tokens_per_step: Annotated[float | None, typer.Option(help="tokens in an update")] = None,
    lr: Annotated[float | None, typer.Option(help="the number that base stands for")] = None,
    key: Annotated[str, typer.Option(help="the field that it is for")] = "lr",
    law: Annotated[
        Path | None,
        typer.Option(help="a law that passo predict --keep wrote: is the cooldown a good one?"),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="exit status 1 on findings")] = False,  # noqa: FBT002
) -> None:
    """Say what is wrong with a schedule before anything is paid for."""
    from passo.doctor import check as look
    from passo.doctor.check import read_plan
    from passo.doctor.report import entry

    rates = {
        "steps_per_epoch": steps_per_epoch,
        "samples_per_step": samples_per_step,
        "tokens_per_step": tokens_per_step,
    }
    found, known = [], law_in(law)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for name, schedule in read_plan(written_out(expression), key).items():
            with in_options(rates):
                length = as_run(schedule, run, rates)
                found += look(schedule, length, base=lr, key=name, law=known)
    for each in told:
        typer.echo(f"passo: {each.message}", err=True)
    entries = dict.fromkeys("\n".join(entry(each)) for each in found)
    typer.echo("\n\n".join(entries) or "nothing found")
    sys.exit(int(strict and bool(found)))


def _methods() -> tuple[str, ...]:
    from passo.schedules.text.parser import METHODS

    return METHODS


def _first_line(member: Any) -> str:
    return str(member.__doc__).strip().splitlines()[0]


def _curve(schedule: Schedule, run: str, rates: dict[str, float | None], lr: float | None) -> Curve:
    from passo.schedules.curve import Curve

    with in_options(rates):
        return Curve.of(schedule, as_run(schedule, run, rates), base=lr)


def _curves(
    entries: Sequence[Entry], run: str, rates: dict[str, float | None], lr: float | None
) -> dict[str, Curve]:
    """The curves of those that can be written as an expression, by name."""
    drawn = {each.name: each.expression for each in entries if each.expression is not None}
    return {name: _curve(make(), run, rates, lr) for name, make in drawn.items()}


def _print_twin(twin: Twin) -> None:
    typer.echo(f"torch   {twin.call}\npasso   {twin.expression}")
    if twin.remark:
        typer.echo(f"        {twin.remark}")


def _print_curve(curve: Curve) -> None:

    draw_here(curve)
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
