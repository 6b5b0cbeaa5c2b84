"""What the doctor advises where training goes to waste, and of traces in the place of scripts."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from torch.optim.lr_scheduler import ReduceLROnPlateau

from passo.trace import Trace
from tests.advice.rows.cli import passo, refused
from tests.advice.rows.rules import UPDATE, advised, loop, of, well
from tests.advice.table import Table, Text, Told
from tests.doctor.test_advice import found, impatient, pair
from tests.doctor.test_unseen import decay, turns

tried = Table()


def finding(told: Told, script: Any, code: str) -> Text:
    """What is to be written instead, in the one finding of a script."""
    (one,) = found(script)
    assert one.code == code
    return told.of(one.write)


def cure(text: Text) -> Any:
    """A plateau with the floor that a text gives."""
    return of(ReduceLROnPlateau, patience=2, min_lr=float(text.quoted(r"min_lr=([\d.e-]+),")))


TELL = f"{UPDATE}\nscheduler.step(1.0)"


@tried(
    "a longer patience, in reports, {} times as often as there are epochs, or "
    "scheduler.step(metric) once an epoch; or min_lr={}, or an end of the run where nothing is "
    "learned"
)
def a_plateau_is_told_once_an_epoch(told: Told) -> None:
    epochs = {"epochs": 12, "batches": 5}
    text = advised(told, loop(of(ReduceLROnPlateau, patience=2), TELL, **epochs), "P006")
    text.words("a longer patience", "an end of the run where nothing is learned")
    call = text.quoted(r"or (scheduler\.step\(metric\)) once an epoch")
    assert well(of(ReduceLROnPlateau, patience=3), UPDATE, call, metric=1.0, **epochs)
    assert well(of(ReduceLROnPlateau, patience=40), TELL, **epochs)
    assert well(cure(text), TELL, **epochs)


@tried("a longer patience, in reports; or min_lr={}, or an end of the run where nothing is learned")
def a_plateau_leaves_a_rate(told: Told) -> None:
    text = advised(told, loop(of(ReduceLROnPlateau, patience=2), TELL), "P006")
    text.words("an end of the run where nothing is learned")
    assert well(of(ReduceLROnPlateau, patience=40), TELL)
    assert well(cure(text), TELL)
    text.words("a longer patience")


WARM = "for group in optimizer.param_groups:\n    group['lr'] = 0.1 * min(1, (t + 1) / warmup)\n"


@tried("a warm-up well below {} updates, or a longer run")
def a_warm_up_by_hand_ends(told: Told) -> None:
    body = WARM + UPDATE
    text = advised(told, loop(lambda _: None, body, warmup=400), "P007")
    assert well(lambda _: None, body, warmup=int(text.quoted(r"below (\d+) updates")) // 2)
    text.words("a longer run")
    assert well(lambda _: None, body, warmup=400, batches=500)


@tried(
    "a scheduler for the {} too, stepped beside the other one; or one plan for both: "
    "passo.attach([first, second], plan, run)"
)
def both_optimizers_have_a_schedule(told: Told) -> None:
    text = finding(told, pair, "P023")
    line = text.quoted(r"(passo\.attach\(.*)$")
    assert found(lambda: pair(line)) == []
    text.words("a scheduler for the Adam too")
    assert found(lambda: pair("ExponentialLR(second, 0.9)")) == []


@tried("the other one among the optimizers that the loop goes over, too")
def all_optimizers_are_in_the_loop(told: Told) -> None:
    finding(told, turns, "P023").words("the other one among the optimizers")
    assert found(lambda: turns(every=True)) == []


@tried(
    "the scheduler's step() after the updates and not before them, so that 0 comes after the last "
    "update and not at update {}"
)
def a_step_comes_after_the_updates(told: Told) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch's own word on the same
        _, zero = found(lambda: decay(first=True))
    assert zero.code == "P018"
    told.of(zero.write).words("step() after the updates")
    assert found(lambda: decay(first=False)) == []


@tried(
    "early stopping after more than {} such reports, several times as many; or patience={} for "
    "the plateau"
)
def early_stopping_is_the_more_patient(told: Told) -> None:
    text = finding(told, lambda: impatient(7, 3), "P024")
    stop = int(text.quoted(r"more than (\d+) such"))
    assert found(lambda: impatient(7, stop + 1)) == []
    patience = int(text.quoted(r"patience=(\d+) for"))
    assert found(lambda: impatient(patience, 3)) == []


@tried("{} is for a script that runs, and {} is a trace; leave it out")
def an_option_of_a_run_is_left_out(told: Told) -> None:
    Trace(0).write("run.jsonl")
    for option in (("--record", "kept"), ("--max-updates", "3")):
        refused(told, "doctor", *option, "run.jsonl").words("leave it out")
    assert "no optimizer made an update" in passo("doctor", "run.jsonl")


@tried("after a trace there are traces only, got {}; write passo doctor run{}")
def a_trace_stands_alone(told: Told) -> None:
    Trace(0).write("run.jsonl")
    line = refused(told, "doctor", "run.jsonl", "--lr", "1").quoted(r"; write passo (.*)$")
    assert Path("run.jsonl").exists()
    assert "no optimizer made an update" in passo(*line.split())
