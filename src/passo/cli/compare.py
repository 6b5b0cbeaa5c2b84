"""The command that compares plans by training them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passo.cli.base import as_run, command, draw_into, in_options, refuse_outputs, writing
from passo.cli.names import written_out
from passo.schedules import PassoError

if TYPE_CHECKING:
    from passo.schedules import Run, Schedule


@command()
def compare(  # noqa: PLR0913 (typer reads options from the parameters)
    place: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py:FUNCTION",
            help="train(plan, run, seed, trial): makes one run, answers with its loss",
        ),
    ],
    plans: Annotated[
        list[str], typer.Argument(help='schedules, two or more: "warmup_cosine()" "wsd()"')
    ],
    *,
    run: Annotated[str, typer.Option(help='how long a run is: "90 epochs", "10000 steps"')] = "",
    steps_per_epoch: Annotated[float | None, typer.Option(help="updates in an epoch")] = None,
    samples_per_step: Annotated[float | None, typer.Option(help="samples in an update")] = None,
    tokens_per_step: Annotated[float | None, typer.Option(help="tokens in an update")] = None,
    seeds: Annotated[int, typer.Option(help="runs of each plan")] = 5,
    store: Annotated[
        Path, typer.Option(help="where results are kept; what is there is not made again")
    ] = Path("compare.journal"),
    on: Annotated[str, typer.Option(help='"process" or "ray"')] = "process",
    base: Annotated[
        list[float] | None,
        typer.Option(help="train at this base; may be given several times"),
    ] = None,
    budget: Annotated[
        str, typer.Option(help='what is equal: "updates", "tokens" or "area" under the rate')
    ] = "updates",
    metric: Annotated[str | None, typer.Option(help="the metric that is the loss")] = None,
    processes: Annotated[int | None, typer.Option(help="runs at the same time")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="make failed runs again")] = False,
    png: Annotated[Path | None, typer.Option(help="also draw it into this file")] = None,
    json: Annotated[Path | None, typer.Option(help="also write all of it into this file")] = None,
) -> None:
    """Train schedules with the same seeds, and say which is better, and how sure that is."""
    from passo.schedules.text import parse
    from passo.sweep import compare as compare_

    refuse_outputs(json, png=png, read=(store, place.rpartition(":")[0]))
    rates = {
        "steps_per_epoch": steps_per_epoch,
        "samples_per_step": samples_per_step,
        "tokens_per_step": tokens_per_step,
    }
    schedules = {each: parse(written_out(each)) for each in plans}
    if len(schedules) < len(plans):
        msg = "a schedule is there twice; write each once"
        raise PassoError(msg)
    with in_options(rates):
        found = compare_(
            place,
            schedules,
            _run(schedules, run, rates),
            seeds=seeds,
            store=store,
            on=on,  # type: ignore[arg-type] # it is checked there
            bases=base or (),
            budget=budget,  # type: ignore[arg-type]
            metric=metric,
            processes=processes,
            retry=retry,
        )
    typer.echo(str(found))
    if png is not None:
        draw_into(found, png)
    if json is not None:
        with writing(json):
            found.write(json)
        typer.echo(f"written into {json}")


def _run(schedules: dict[str, Schedule], run: str, rates: dict[str, float | None]) -> Run:
    """The run that the options describe, or the length that all schedules have of their own."""
    runs = {name: as_run(each, run, rates) for name, each in schedules.items()}
    if len(set(runs.values())) > 1:
        told = ", ".join(f"{name!r} {each.updates:,}" for name, each in runs.items())
        msg = f'the schedules are of different lengths: {told} steps; write --run "1000 steps"'
        raise PassoError(msg)
    return next(iter(runs.values()))
