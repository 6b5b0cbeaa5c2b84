"""The command that says why two schedules differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passo.cli.base import (
    as_run,
    command,
    draw_here,
    draw_into,
    in_options,
    refuse_outputs,
    write_into,
)
from passo.cli.names import written_out

if TYPE_CHECKING:
    from passo.schedules import Run, Schedule


@command()
def explain(  # noqa: PLR0917 (typer reads options from the parameters)
    a: Annotated[str, typer.Argument(help='a schedule, "warmup_cosine(peak=3e-4)"')],
    b: Annotated[str, typer.Argument(help="another one")],
    run: Annotated[str, typer.Option(help='how long the run is: "90 epochs", "10000 steps"')] = "",
    steps_per_epoch: Annotated[float | None, typer.Option(help="updates in an epoch")] = None,
    samples_per_step: Annotated[float | None, typer.Option(help="samples in an update")] = None,
    tokens_per_step: Annotated[float | None, typer.Option(help="tokens in an update")] = None,
    lr: Annotated[float | None, typer.Option(help="the number that base stands for")] = None,
    png: Annotated[Path | None, typer.Option(help="also draw both into this file")] = None,
    html: Annotated[Path | None, typer.Option(help="also draw both into this page")] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="also write all of it into this file")
    ] = None,
) -> None:
    """Say why two schedules differ: in words, and in a picture."""
    from passo.schedules import analysis
    from passo.schedules.text import parse

    rates = {
        "steps_per_epoch": steps_per_epoch,
        "samples_per_step": samples_per_step,
        "tokens_per_step": tokens_per_step,
    }
    refuse_outputs(as_json, png=png, html=html)
    both = [parse(written_out(each)) for each in (a, b)]
    both = [each if lr is None else each.with_base(lr) for each in both]
    with in_options(rates):
        found = analysis.explain(both[0], both[1], _run(both, run, rates))
    draw_here(found)
    typer.echo(f"\na  {found.a.label}\nb  {found.b.label}\n\n{found}")
    if png is not None:
        draw_into(found, png)
    if html is not None:
        draw_into(found, html, backend="plotly")
    if as_json is not None:
        write_into(as_json, json.dumps(found.to_spec(), indent=2))


def _run(both: list[Schedule], length: str, rates: dict[str, float | None]) -> Run:
    """The run of the options, or the longer of the two where both say their own in steps."""
    runs = [as_run(each, length, rates) for each in both]
    return max(runs, key=lambda run: run.updates) if not length else runs[0]
