"""The command that says what a schedule would lead to, from runs that were recorded."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from passo.cli.base import (
    NO_ANSWER,
    as_run,
    command,
    draw_here,
    draw_into,
    in_options,
    refuse_outputs,
    write_into,
    writing,
)
from passo.cli.names import written_out
from passo.schedules import PassoError

if TYPE_CHECKING:
    from passo.law import Comparison, Law, Prediction
    from passo.schedules import Run
    from passo.trace import Trace

SUFFIX: Final = ".jsonl"


@command()
def predict(  # noqa: PLR0917 (typer reads options from the parameters)
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN.jsonl... [SCHEDULE...]",
            help="recorded runs, and schedules that were never run; without one it looks for the "
            "best",
        ),
    ],
    run: Annotated[
        str, typer.Option(help='how long the run is: "10000 steps"; else as the longest recorded')
    ] = "",
    steps_per_epoch: Annotated[float | None, typer.Option(help="updates in an epoch")] = None,
    samples_per_step: Annotated[float | None, typer.Option(help="samples in an update")] = None,
    tokens_per_step: Annotated[float | None, typer.Option(help="tokens in an update")] = None,
    metric: Annotated[str, typer.Option(help="the loss that was reported")] = "val_loss",
    start: Annotated[
        str, typer.Option(help='leave the losses before it out: "400 steps"; else 20 % of a run')
    ] = "",
    group: Annotated[
        str, typer.Option(help="the param group, by name or place; else the first with a rate")
    ] = "",
    keep: Annotated[
        Path | None, typer.Option(help="also keep the law in this file, for passo check --law")
    ] = None,
    png: Annotated[Path | None, typer.Option(help="also draw it into this file")] = None,
    html: Annotated[Path | None, typer.Option(help="also draw it into this page")] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="also write all of it into this file")
    ] = None,
) -> None:
    """Predict the loss of schedules that were never run (exit 1: these runs do not foresee it)."""
    rates = {
        "steps_per_epoch": steps_per_epoch,
        "samples_per_step": samples_per_step,
        "tokens_per_step": tokens_per_step,
    }
    refuse_outputs(keep, as_json, png=png, html=html, read=what)
    traces, expressions = _sorted_out(what)
    with _answering(rates):
        law = _fitted(traces, metric, start, group)
        found = _asked(law, expressions, _run(traces, run, rates))
    seen = list(traces.values())
    _tell(law, found, seen)
    if keep is not None:
        with writing(keep):
            law.write(keep)
        typer.echo(f"written into {keep}")
    if png is not None:
        draw_into(found, png, beside=seen)
    if html is not None:
        draw_into(found, html, backend="plotly", beside=seen)
    if as_json is not None:
        spec = {"law": law.to_spec(), type(found).__name__.lower(): found.to_spec()}
        write_into(as_json, json.dumps(spec, indent=2))


def _sorted_out(what: list[str]) -> tuple[dict[str, Trace], list[str]]:
    """The traces by their files, and the schedules as they were written."""
    files = [each for each in what if each.endswith(SUFFIX) or Path(each).is_file()]
    if not files:
        msg = (
            f"predict needs recorded runs, got {', '.join(map(repr, what))}; write passo predict "
            "run.jsonl \"wsd()\", with the file of attach(..., record='run.jsonl')"
        )
        raise PassoError(msg)
    return {each: _read(each) for each in files}, [each for each in what if each not in files]


def _read(path: str) -> Trace:
    from passo.trace import Trace

    try:
        return Trace.load(path)
    except OSError as error:
        msg = (
            f"cannot read the trace {path!r}: {error.strerror}; "
            "attach(..., record='run.jsonl') makes one"
        )
        raise PassoError(msg) from None


@contextmanager
def _answering(rates: dict[str, float | None]) -> Iterator[None]:
    """What these runs do not foresee is an answer too; options are named instead of arguments."""
    from passo.law import NotPredictable

    try:
        with in_options(rates):
            yield
    except NotPredictable as error:
        text = re.sub(r"start=(\w+\([\d.]+\))", r'--start "\1"', str(error))
        typer.echo(f"passo: {text}", err=True)
        raise typer.Exit(NO_ANSWER) from None


def _fitted(traces: dict[str, Trace], metric: str, start: str, group: str) -> Law:
    from passo.law import Law
    from passo.schedules import parse_span

    options: dict[str, Any] = {"start": parse_span(start)} if start else {}
    if group:
        options["group"] = int(group) if group.isdecimal() else group
    return Law.fit(traces, metric, **options)


def _run(traces: dict[str, Trace], length: str, rates: dict[str, float | None]) -> Run:
    """The run of the options, or the longest that was recorded."""
    from passo.schedules import Run, base, steps
    from passo.schedules.text import parse_run

    if length:
        return as_run(base, length, rates)
    given = [name for name, rate in rates.items() if rate is not None]
    if given:
        option = f"--{given[0].replace('_', '-')}"
        msg = f'{option} says how a run is counted, and there is none; write --run "90 epochs" too'
        raise PassoError(msg)
    runs = [Run(steps(t.updates)) if t.run is None else parse_run(t.run) for t in traces.values()]
    return max(runs, key=lambda run: run.updates)


def _asked(law: Law, expressions: list[str], run: Run) -> Prediction | Comparison:
    """The one schedule, several side by side, or the best of the recipes."""
    from passo.schedules.text import parse

    schedules = {each: parse(written_out(each)) for each in expressions}
    if len(schedules) == 1:
        return law.predict(next(iter(schedules.values())), run)
    return law.compare(schedules, run) if schedules else law.best(run)


def _tell(law: Law, found: Prediction | Comparison, seen: list[Trace]) -> None:
    """The picture, the end or the table, and what makes it less sure."""
    from passo.law import Comparison

    draw_here(found, *seen)
    first = found.best.prediction if isinstance(found, Comparison) else found
    end = f"{law.metric} {first.end:.4g} ± {first.margin:.2g} after {first.at[-1]:,} updates"
    words = str(found) if isinstance(found, Comparison) else f"{first.schedule!r}\n  {end}"
    typer.echo(f"\n{words}\n\n{repr(law)[1:-1]}")
    for each in first.warnings:
        typer.echo(f"less sure: {each}")
