"""The command that searches the best plan of a space by training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from passo.cli.base import as_run, command, in_options, refuse_outputs, writing

if TYPE_CHECKING:
    from passo.schedules import Schedule


@command()
def tune(  # noqa: PLR0913 (typer reads options from the parameters)
    place: Annotated[
        str,
        typer.Argument(
            metavar="FILE.py:FUNCTION",
            help="train(plan, run, seed, trial): makes one run, answers with its loss",
        ),
    ],
    space: Annotated[
        str,
        typer.Argument(
            help='a schedule with holes, "warmup_cosine(peak=between(1e-4, 1e-1, log), '
            'warmup=one_of(percent(5), percent(10)))", or the name of a published one'
        ),
    ],
    *,
    run: Annotated[str, typer.Option(help='how long a run is: "90 epochs", "10000 steps"')] = "",
    steps_per_epoch: Annotated[float | None, typer.Option(help="updates in an epoch")] = None,
    samples_per_step: Annotated[float | None, typer.Option(help="samples in an update")] = None,
    tokens_per_step: Annotated[float | None, typer.Option(help="tokens in an update")] = None,
    trials: Annotated[int, typer.Option(help="runs of the search")] = 40,
    seeds: Annotated[int, typer.Option(help="runs more of each of the three best")] = 5,
    store: Annotated[
        Path, typer.Option(help="an sqlite file; what is there is not made again")
    ] = Path("tune.db"),
    on: Annotated[str, typer.Option(help='"process" or "ray"')] = "process",
    judge: Annotated[
        str, typer.Option(help='who gives a run up: "shares" of the run, or the "law"')
    ] = "shares",
    metric: Annotated[str | None, typer.Option(help="the metric that is the loss")] = None,
    processes: Annotated[int, typer.Option(help="runs at the same time")] = 1,
    png: Annotated[Path | None, typer.Option(help="also draw the runs into this file")] = None,
    json: Annotated[Path | None, typer.Option(help="also write all of it into this file")] = None,
) -> None:
    """Search the best values of a schedule by training, and say how sure and how flat it is."""
    from passo.plot import save
    from passo.sweep import tune as tune_

    refuse_outputs(json, png=png, read=(store, place.rpartition(":")[0]))
    rates = {
        "steps_per_epoch": steps_per_epoch,
        "samples_per_step": samples_per_step,
        "tokens_per_step": tokens_per_step,
    }
    with in_options(rates):
        found = tune_(
            place,
            space,
            as_run(_example(space), run, rates),
            trials=trials,
            seeds=seeds,
            store=store,
            on=on,  # type: ignore[arg-type] # it is checked there
            judge=judge,  # type: ignore[arg-type]
            metric=metric,
            processes=processes,
        )
    typer.echo(str(found))
    if png is not None:
        with writing(png):
            save(found.figure(), png)
        typer.echo(f"drawn into {png}")
    if json is not None:
        with writing(json):
            found.write(json)
        typer.echo(f"written into {json}")


def _example(space: str) -> Schedule:
    """One schedule of the space, for what a run must be."""
    from passo.catalogue import knows, named
    from passo.schedules.text import parse
    from passo.sweep.holes import Template

    if "(" not in space and knows(space):
        made = named(space).expression
        return made() if made is not None else parse(space)
    template = Template.of(space)
    return parse(next(template.corners(), template.text))
