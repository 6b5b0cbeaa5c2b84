"""Commands that train: find, demo, doctor. Each imports what it needs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from passo.cli.base import (
    INTERRUPTED,
    NO_ANSWER,
    SIGNALLED,
    Command,
    Death,
    app,
    command,
    draw_here,
    draw_into,
    law_in,
    refuse_outputs,
    writing,
)
from passo.schedules import PassoError


@command()
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
    from passo.optim.finder.setups import range_test_of

    refuse_outputs(json, png=png, read=[place.rpartition(":")[0]])
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
    draw_here(test)
    if found:
        typer.echo(f"suggested: {found.best:.2g} ({found.low:.2g} to {found.high:.2g})")
    typer.echo(f"{f'sure {found.sure:.2f}' if found else 'no suggestion'}: {found.reason}")
    if png is not None:
        draw_into(test, png)
    if json is not None:
        with writing(json):
            test.write(json)
        typer.echo(f"written into {json}")
    if not found:
        raise typer.Exit(NO_ANSWER)


@command()
def demo(
    out: Annotated[Path, typer.Option(help="the folder to write")] = Path("passo-demo"),
    quick: Annotated[bool, typer.Option("--quick", help="a small run, in seconds")] = False,  # noqa: FBT002
    seeds: Annotated[
        int | None,
        typer.Option(help="seeds for each schedule and rate; without it 3, or 1 with --quick"),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="compare this schedule, by name; may be given several times"),
    ] = None,
) -> None:
    """Train a network on real digits with many schedules and rates; say what they are for."""
    from passo.demo import run_demo

    try:
        run_demo(out, quick=quick, seeds=seeds, only=only)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


class _Doctor(Command):
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
    script: Annotated[str, typer.Argument(help="what to run, as it is: train.py; or a trace")] = "",
    arguments: Annotated[
        list[str] | None, typer.Argument(help="all that follows is the script's own")
    ] = None,
    module: Annotated[
        str, typer.Option("-m", help="run a module instead, as python -m does", metavar="MODULE")
    ] = "",
    html: Annotated[Path | None, typer.Option(help="also write a page")] = None,
    json: Annotated[Path | None, typer.Option(help="also write the findings as JSON")] = None,
    record: Annotated[Path | None, typer.Option(help="also keep the traces in this folder")] = None,
    max_updates: Annotated[
        int | None, typer.Option(min=1, help="stop after so many updates")
    ] = None,
    law: Annotated[
        Path | None,
        typer.Option(help="a law that passo predict --keep wrote: is the cooldown a good one?"),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="exit status 1 on findings")] = False,  # noqa: FBT002
) -> None:
    """Run a training script, unmodified, and say what is wrong with its schedule.

    A trace that was kept (run.jsonl) in its place is read, and reported on in the same way.
    """
    death = Death()
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
        law=law_in(law),
    )
    if status < 0:
        death.by = -status
    sys.exit(status if status >= 0 else SIGNALLED - status)
