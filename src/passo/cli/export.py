"""The command that writes a schedule as code or numbers without passo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from passo.cli.base import as_run, command, in_options, write_into
from passo.cli.names import written_out

if TYPE_CHECKING:
    from passo.schedules.export import To


@command()
def export(  # noqa: PLR0917 (typer reads options from the parameters)
    expression: Annotated[str, typer.Argument(help='a schedule, "warmup_cosine(peak=3e-4)"')],
    run: Annotated[str, typer.Option(help='how long the run is: "90 epochs", "10000 steps"')] = "",
    to: Annotated[str, typer.Option(help='"python", "torch" or "csv"')] = "python",
    steps_per_epoch: Annotated[float | None, typer.Option(help="updates in an epoch")] = None,
    samples_per_step: Annotated[float | None, typer.Option(help="samples in an update")] = None,
    tokens_per_step: Annotated[float | None, typer.Option(help="tokens in an update")] = None,
    lr: Annotated[float | None, typer.Option(help="the number that base stands for")] = None,
    out: Annotated[Path | None, typer.Option(help="write into this file instead")] = None,
) -> None:
    """Write a schedule as code that needs no passo, or as the value of each update."""
    from passo.schedules.export import export as exported
    from passo.schedules.text import parse

    rates = {
        "steps_per_epoch": steps_per_epoch,
        "samples_per_step": samples_per_step,
        "tokens_per_step": tokens_per_step,
    }
    schedule = parse(written_out(expression))
    schedule = schedule if lr is None else schedule.with_base(lr)
    with in_options(rates):
        text = exported(schedule, as_run(schedule, run, rates), cast("To", to))
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_into(out, text)
