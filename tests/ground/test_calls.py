"""A wrong call of what a newcomer meets first is answered with a right one."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest
import torch

from passo import (
    Cosine,
    PassoError,
    Plateau,
    Run,
    attach,
    draw,
    range_test,
    steps,
    warmup_cosine,
)
from passo.ground.calls import WrongCall, called_like

LOADER = torch.utils.data.DataLoader([1, 2, 3])
OPTIMIZER = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
OF = "it takes (batches, *, epochs, accumulate, drop_last_window), "
OF += "write Run.of(len(loader), epochs=90)"
RUN = "t takes (length, *, steps_per_epoch, samples_per_step, tokens_per_step, axis), "
RUN += "write Run.of(len(loader), epochs=90), or Run(steps(35_190))"
ATTACH = "t takes (optimizer, plan, run, *, base, values, on_change, clock, join, strict, record, "
ATTACH += "watch, carry, last_lr, over), write attach(optimizer, warmup_cosine(), "
ATTACH += "Run.of(len(loader), epochs=90))"
FALLS = "t takes (metric, mode, factor, patience, threshold, threshold_mode, cooldown, floor, "
FALLS += 'ceiling, past), write Plateau("val_loss", patience=5)'
MANY = "too many positional arguments; "


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: Run.of(LOADER, 5), f"Run.of: {MANY}{OF}"),
        (lambda: Run.of(391), f"Run.of: missing a required argument: 'epochs'; {OF}"),
        (Run, f"Run: missing a required argument: 'length'; i{RUN}"),
        (lambda: Run(steps(9), 391), f"Run: {MANY}i{RUN}"),
        (lambda: Run(epochs=90), f"Run: it has no argument 'epochs'; i{RUN}"),
        (
            attach,
            f"attach: missing a required argument: 'optimizer'; i{ATTACH}",
        ),
        (
            lambda: attach(OPTIMIZER, warmup_cosine(), recrod="run.jsonl"),
            f"attach: it has no argument 'recrod'; did you mean 'record'? I{ATTACH}",
        ),
        (
            lambda: range_test(len, OPTIMIZER),
            (
                "range_test: missing a required argument: 'restore'; it takes (train_step, "
                "optimizer, *, restore, key, low, high, steps, ramp, stop, repeats, progress, "
                "folder), write range_test(train_step, optimizer, restore=[model])"
            ),
        ),
        (
            draw,
            (
                "draw: missing a required argument: 'thing'; it takes (thing, *more, ax, backend, "
                "title, width, height, marks, planned), "
                "write draw(trace), or draw(schedule.curve(run))"
            ),
        ),
        (lambda: Plateau(patience=5), f"Plateau: missing a required argument: 'metric'; i{FALLS}"),
        (
            lambda: Plateau("loss", patiense=5),
            f"Plateau: it has no argument 'patiense'; did you mean 'patience'? I{FALLS}",
        ),
        (
            lambda: Cosine(0.1),
            (
                "Cosine: missing a required argument: 'end'; it takes (start, end, over), "
                "write Cosine(0.1, 0.001)"
            ),
        ),
    ],
)
def test_a_wrong_call_says_what_to_write(call, text):
    with pytest.raises(WrongCall, match=f"^{re.escape(text)}$") as caught:
        call()
    assert isinstance(caught.value, (PassoError, TypeError))
    assert caught.value.__suppress_context__


def test_a_loader_is_not_how_many_batches_there_are():
    text = "batches is how many there are, got [1, 2]; write len(loader)"
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        Run.of([1, 2], epochs=5)


def test_a_type_error_of_the_inside_stays_what_it_is():
    @called_like("halved(2)")
    def halved(number):
        return number / 2

    assert halved(3) == 1.5
    with pytest.raises(TypeError, match="unsupported operand") as caught:
        halved("3")
    assert type(caught.value) is TypeError


@pytest.mark.parametrize("function", [attach, draw, range_test, warmup_cosine, Run.of])
def test_a_function_is_otherwise_what_it_was(function):
    assert pickle.loads(pickle.dumps(function)) == function
    assert function.__doc__
    assert "args" not in inspect.signature(function).parameters
