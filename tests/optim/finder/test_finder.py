"""A range test: real updates, the user's own step, and no trace."""

from __future__ import annotations

import copy
import math
import re

import pytest
import torch
from torch import nn
from torch._dynamo.testing import CompileCounterWithBackend

from passo import Constant, PassoError, Run, attach, loader_step, range_test, steps, warmup_cosine
from passo.optim import tensorize
from tests.optim.tools import adam, sgd, weight


def bowl(optimizer, seen=None, keys=("lr",)):
    """A step on half the squared distance from 0, which tells what each update used."""

    def step():
        away = torch.cat([p for group in optimizer.param_groups for p in group["params"]])
        loss = 0.5 * away.square().sum()
        optimizer.zero_grad()
        loss.backward()
        if seen is not None:
            seen.append([float(group[key]) for group in optimizer.param_groups for key in keys])
        optimizer.step()
        return loss

    return step


def answers(losses, optimizer, *, updates=True):
    """A step that gives the losses in turn."""
    left = iter(losses)

    def step():
        if updates:
            optimizer.param_groups[0]["params"][0].grad = torch.zeros(1)
            optimizer.step()
        return next(left)

    return step


# -- the ramp


def test_the_rates_go_from_low_to_high_and_are_the_ones_used():
    used = []
    test = range_test(bowl(o := sgd(), used), o, restore=[], low=1e-4, high=1.0, steps=5)
    assert test.values == tuple(rate for (rate,) in used)
    assert test.values == pytest.approx((1e-4, 1e-3, 1e-2, 1e-1, 1.0))
    assert (test.values[0], test.values[-1]) == (1e-4, 1.0)


def test_a_linear_ramp_may_begin_at_zero():
    test = range_test(bowl(o := sgd()), o, restore=[], low=0, high=1, steps=5, ramp="linear")
    assert test.values == (0.0, 0.25, 0.5, 0.75, 1.0)


def test_a_single_update_is_a_test_that_suggests_nothing():
    test = range_test(bowl(o := sgd()), o, restore=[], steps=1)
    assert (test.values, test.losses) == ((1e-7,), (0.5,))
    assert test.suggestion().reason == (
        "only 1 points came before the loss diverged or the test ended, and a suggestion needs "
        "10; write a lower low=, or more steps="
    )


def test_group_ratios_are_kept_and_the_first_group_that_holds_a_rate_leads():
    groups = [{"params": [weight()], "lr": rate} for rate in (0.0, 0.1, 0.01)]
    used = []
    test = range_test(bowl(o := torch.optim.SGD(groups), used), o, restore=[], steps=7)
    for (frozen, leads, follows), value in zip(used, test.values, strict=True):
        assert (frozen, leads) == (0.0, value)
        assert follows == pytest.approx(value / 10)
    assert [group["lr"] for group in o.param_groups] == [0.0, 0.1, 0.01]


@pytest.mark.parametrize(
    ("key", "low", "high"),
    [("weight_decay", 1e-6, 1.0), ("betas[0]", 0.5, 0.99), ("momentum", 0.5, 0.99)],
)
def test_any_field_can_be_tested(key, low, high):
    used = []
    optimizer = adam()
    held = {"betas": optimizer.param_groups[0]["betas"], "weight_decay": 0}
    asked = "weight_decay" if key == "weight_decay" else "betas"

    def step():
        used.append(optimizer.param_groups[0][asked])
        return inner()

    inner = bowl(optimizer)
    test = range_test(step, optimizer, restore=[], key=key, low=low, high=high, ramp="linear")
    assert test.key == key
    tried = used if key == "weight_decay" else [betas[0] for betas in used]
    assert tuple(tried) == test.values
    assert {name: optimizer.param_groups[0][name] for name in held} == held
    assert test.suggestion().reason == (
        f"a suggestion is made for 'lr' only; for {key!r} look at the curve"
    )


def test_a_tensor_rate_stays_the_tensor_that_it_was():
    optimizer = tensorize(adam(lr=0.1))
    rate = optimizer.param_groups[0]["lr"]
    range_test(bowl(optimizer), optimizer, restore=[], steps=5)
    assert optimizer.param_groups[0]["lr"] is rate
    assert rate.item() == pytest.approx(0.1)


def test_nobody_comes_between_the_test_and_its_updates():
    optimizer = sgd()
    torchs = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    used = []
    optimizer.register_step_post_hook(lambda o, *_: used.append(o.param_groups[0]["lr"]))
    inner = bowl(optimizer)

    def step():
        torchs.step()
        return inner()

    with pytest.warns(UserWarning, match="before `optimizer.step"):
        test = range_test(step, optimizer, restore=[torchs], steps=5)
    assert tuple(used) == test.values
    assert torchs.last_epoch == 0
    assert optimizer.param_groups[0]["lr"] == 1.0


def test_a_scheduler_on_the_optimizer_does_not_move():
    scheduler = attach(o := sgd(), warmup_cosine(), Run(steps(100)))
    used = []
    test = range_test(bowl(o, used), o, restore=[], steps=9)
    assert tuple(rate for (rate,) in used) == test.values
    assert scheduler.clock == 0
    assert o.param_groups[0]["lr"] == scheduler.values()["lr"][0]


def test_momentum_keeps_its_velocity_while_the_rate_grows():
    # 2 * (1 + m) is the limit; a ramp of 10 an update, uncorrected, is far above it before
    test = range_test(
        bowl(o := sgd(momentum=0.9)), o, restore=[], low=1e-6, high=3.0, steps=40, stop=1e9
    )
    assert max(test.losses) < 2


# -- real updates only


def test_steps_that_a_grad_scaler_skips_add_no_point():
    model, scaler = nn.Linear(1, 1), torch.amp.GradScaler("cpu", init_scale=2.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    calls = []

    def step():
        calls.append(optimizer.param_groups[0]["lr"])
        optimizer.zero_grad()
        loss = model(torch.ones(1, 1)).square().mean()
        scaler.scale(loss).backward()
        if len(calls) in (2, 3):
            model.weight.grad.fill_(math.inf)
        scaler.step(optimizer)
        scaler.update()
        return loss

    before = copy.deepcopy(scaler.state_dict())
    test = range_test(step, optimizer, restore=[model, scaler], steps=6, low=1e-3, high=0.1)
    assert len(calls) == 8
    assert calls[1] == calls[2] == calls[3]
    assert tuple(dict.fromkeys(calls)) == test.values
    assert len(test.losses) == 6
    assert scaler.state_dict() == before


def test_a_step_that_never_updates_is_an_error_that_says_so():
    optimizer = sgd()
    text = (
        "train_step was called 100 times without one update of the optimizer; call "
        "optimizer.step() in it, on the optimizer that range_test was given, with gradients"
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        range_test(bowl(sgd()), optimizer, restore=[])
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        range_test(lambda: optimizer.step() or 1.0, optimizer, restore=[])
    assert optimizer.param_groups[0]["lr"] == 1.0
    assert not optimizer._optimizer_step_post_hooks


# -- where it stops


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 1, 30, 99])
def test_it_stops_at_the_first_loss_that_is_not_finite(bad, place):
    losses = [*([1.0] * place), bad, *([1.0] * 200)]
    test = range_test(answers(losses, o := sgd()), o, restore=[])
    assert len(test.values) == place + 1
    assert repr(test.losses[-1]) == repr(bad)


@pytest.mark.parametrize("shift", [0.0, -3.0, -100.0])
def test_it_stops_where_the_loss_has_risen_by_several_falls_also_below_zero(shift):
    losses = [2.0 + shift] * 30 + [1.0 + shift] * 30 + [2.0 ** (k / 2) + shift for k in range(40)]
    test = range_test(answers(losses, o := sgd()), o, restore=[])
    assert 60 < len(test.values) < 100


def test_losses_about_zero_do_not_stop_it():
    torch.manual_seed(0)
    losses = torch.randn(100).tolist()
    assert len(range_test(answers(losses, o := sgd()), o, restore=[]).values) == 100


def test_a_larger_stop_goes_further():
    losses = [2.0] * 30 + [1.0] * 30 + [1.2**k for k in range(40)]
    lengths = [
        len(range_test(answers(losses, o := sgd()), o, restore=[], stop=stop).values)
        for stop in (1.0, 4.0, 50.0)
    ]
    assert lengths == sorted(set(lengths))


# -- repeats


def test_repeats_differ_from_each_other_and_not_from_themselves():
    model = nn.Linear(4, 1)
    data = torch.utils.data.TensorDataset(torch.randn(64, 4), torch.randn(64, 1))
    for generator in (None, torch.Generator().manual_seed(3)):
        loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True, generator=generator)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        step = loader_step(model, optimizer, nn.functional.mse_loss, loader)
        torch.manual_seed(1)
        three = range_test(step, optimizer, restore=[], repeats=3, steps=20, high=0.1)
        assert len({run[1:5] for run in three.runs}) == 3
        torch.manual_seed(1)
        assert range_test(step, optimizer, restore=[], repeats=3, steps=20, high=0.1) == three
        torch.manual_seed(1)
        one = range_test(step, optimizer, restore=[], steps=20, high=0.1)
        assert one.runs[0] == three.runs[0]


# -- no trace


def training(tested: bool, folder=None):
    """The weights of a training run of a network with batch norm and dropout."""
    torch.manual_seed(5)
    model = nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 1)
    )
    inputs = torch.randn(96, 4)
    data = torch.utils.data.TensorDataset(inputs, inputs.sum(1, keepdim=True))
    shuffle = torch.Generator().manual_seed(2)
    loader = torch.utils.data.DataLoader(data, batch_size=8, shuffle=True, generator=shuffle)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    scheduler = attach(optimizer, warmup_cosine(), Run.of(len(loader), epochs=2))
    for epoch in range(2):
        if tested:
            step = loader_step(model, optimizer, nn.functional.mse_loss, loader)
            test = range_test(step, optimizer, restore=[], repeats=2, folder=folder)
            assert len(test.values) > 20
        for batch, targets in loader:
            loss = nn.functional.mse_loss(model(batch), targets)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        assert scheduler.clock == 12 * (epoch + 1)
    return model.state_dict(), optimizer.state_dict(), scheduler.state_dict()


def test_training_after_a_range_test_is_bit_for_bit_the_training_without(tmp_path):
    plain = training(tested=False)
    for folder in (None, tmp_path):
        after = training(tested=True, folder=folder)
        for one, other in zip(plain[0].values(), after[0].values(), strict=True):
            assert torch.equal(one, other)
        assert str(plain[1]) == str(after[1])
        assert plain[2] == after[2]


def test_a_step_that_runs_out_of_batches_says_so_and_leaves_no_trace():
    optimizer = adam()
    inner, batches = bowl(optimizer), iter(range(4))

    def step():
        next(batches)
        return inner()

    text = (
        "the step ran out of batches after 4 updates of 100; write loader_step(model, optimizer, "
        "loss_fn, loader), which begins its loader again, or give it more data"
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$") as caught:
        range_test(step, optimizer, restore=[])
    assert isinstance(caught.value.__cause__, StopIteration)
    assert optimizer.param_groups[0]["params"][0].item() == 1.0
    assert (optimizer.param_groups[0]["lr"], len(optimizer.state)) == (0.1, 0)
    model = nn.Linear(1, 1)
    few = [torch.ones(2, 1)] * 4
    advised = loader_step(
        model, taught := torch.optim.SGD(model.parameters(), 0.1), nn.MSELoss(), few
    )
    assert len(range_test(advised, taught, restore=[]).values) > 10


@pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt])
def test_what_the_step_raises_passes_through_and_leaves_no_trace(kind):
    optimizer = adam()
    inner = bowl(optimizer)
    calls = []

    def step():
        calls.append(1)
        if len(calls) == 7:
            raise kind
        return inner()

    with pytest.raises(kind):
        range_test(step, optimizer, restore=[])
    assert optimizer.param_groups[0]["params"][0].item() == 1.0
    assert (optimizer.param_groups[0]["lr"], len(optimizer.state)) == (0.1, 0)
    assert not optimizer._optimizer_step_pre_hooks


def test_a_wrapped_optimizer_is_looked_into():
    class Wrapper:
        def __init__(self, optimizer):
            self.optimizer = optimizer
            self.count = 0

        @property
        def param_groups(self):
            return self.optimizer.param_groups

        def step(self):
            self.count += 1
            self.optimizer.step()

    wrapper = Wrapper(sgd())

    def step():
        wrapper.param_groups[0]["params"][0].grad = torch.ones(1)
        wrapper.step()
        return 1.0

    assert len(range_test(step, wrapper, restore=[]).values) == 100
    assert wrapper.count == 0


def test_progress_is_shown_on_stderr_where_it_is_asked_for(capsys):
    range_test(bowl(o := sgd()), o, restore=[], steps=3, progress=True)
    range_test(bowl(o := sgd()), o, restore=[], steps=3)
    assert capsys.readouterr().out == ""


# torch's own modules are deprecated to themselves when it first compiles
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_compiled_step_is_not_compiled_again():
    optimizer = tensorize(adam())
    counter = CompileCounterWithBackend("eager")
    compiled = torch.compile(optimizer.step, backend=counter)
    counts = []
    (parameter,) = optimizer.param_groups[0]["params"]

    def step():
        parameter.grad = torch.ones(1)
        compiled()
        counts.append(counter.frame_count)
        return 1.0

    torch._dynamo.reset()
    assert len(range_test(step, optimizer, restore=[], steps=20).values) == 20
    assert counts[2] == counts[-1]
    torch._dynamo.reset()


# -- what is refused


ARGUMENTS = [
    (
        {"train_step": 3},
        (
            "train_step must be a function that makes one update, got 3; write "
            "def train_step(): ..., or loader_step(model, optimizer, loss_fn, loader)"
        ),
    ),
    ({"optimizer": 3}, "range_test needs a torch optimizer, got 3"),
    ({"restore": 3}, "restore must be a list, got 3; write restore=[model, scaler, loader]"),
    (
        {"restore": [3]},
        (
            "3 cannot be given back as it was: it has no state_dict and load_state_dict; name what "
            "has them, such as [model, scaler, loader]"
        ),
    ),
    (
        {"key": "rate"},
        "param group 0 has no field 'rate'; it has lr, momentum, dampening, weight_decay",
    ),
    ({"low": 0}, "an exponential ramp needs low above 0, got 0; write ramp='linear'"),
    ({"low": 1, "high": 1}, "low must be below high, got low=1 and high=1"),
    ({"low": math.nan}, "low must be finite, got nan"),
    ({"high": math.inf}, "high must be finite, got inf"),
    ({"high": "1"}, "high must be a number, got '1'"),
    (
        {"low": -1, "ramp": "linear"},
        (
            "'lr' of param group 0 must stay at least 0, and the test takes it from -1 to 10; "
            "write another low= or high="
        ),
    ),
    ({"steps": 0}, "steps must be a whole number of at least 1, got 0"),
    ({"steps": 9.0}, "steps must be a whole number of at least 1, got 9.0"),
    ({"ramp": "log"}, "ramp must be 'exponential' or 'linear', got 'log'"),
    ({"stop": 0}, "stop must be above 0, got 0.0; write stop=4.0"),
    ({"stop": None}, "stop must be a number, got None"),
    ({"repeats": 0}, "repeats must be a whole number of at least 1, got 0"),
]


@pytest.mark.parametrize(("given", "text"), ARGUMENTS)
def test_a_bad_argument_is_refused_before_anything_runs(given, text):
    optimizer, ran = sgd(), []
    arguments = {
        "train_step": lambda: ran.append(1),
        "optimizer": optimizer,
        "restore": [],
        **given,
    }
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        range_test(**arguments)
    assert ran == []


@pytest.mark.parametrize(
    ("loss", "shown"),
    [
        (None, "None"),
        ("1", "'1'"),
        (True, "True"),
        (torch.ones(2), "tensor([1., 1.])"),
        (torch.tensor(1j), "tensor(0.+1.j)"),
    ],
)
def test_a_step_that_answers_with_no_loss_is_refused(loss, shown):
    text = (
        "train_step must answer with its loss, a number or a Tensor of one element, got "
        f"{shown}; write return loss"
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        range_test(answers([loss], o := sgd()), o, restore=[])
    assert o.param_groups[0]["lr"] == 1.0


def test_restore_is_required():
    with pytest.raises(TypeError, match="restore"):
        range_test(bowl(o := sgd()), o)


def test_two_groups_that_leave_a_bound_together_are_named():
    groups = [{"params": [weight()], "betas": betas} for betas in ((0.4, 0.9), (0.8, 0.9))]
    optimizer = torch.optim.Adam(groups)
    text = (
        "'betas[0]' of param group 1 must stay at least 0 and below 1, and the test takes it from "
        "1 to 1.8; write another low= or high="
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        range_test(lambda: 1.0, optimizer, restore=[], key="betas[0]", low=0.5, high=0.9)


def test_a_plan_for_a_bound_still_says_what_it_said():
    text = (
        "'momentum' of param group 0 must stay at least 0 and below 1, and its schedule goes from "
        "1.5 to 1.5; write .clip(...), or another schedule"
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        attach(adam(), {"momentum": Constant(1.5)})


# -- bounds, losses and folders that cannot be (issue 12, kind 5)


@pytest.mark.parametrize(("low", "high"), [(1e-300, 1e30), (5e-324, 1e38), (1e-7, 1e37)])
def test_bounds_that_lie_far_apart_are_reached_exactly(low, high):
    optimizer = sgd()
    step = answers([1.0] * 50, optimizer)
    test = range_test(step, optimizer, restore=[], low=low, high=high, steps=50)
    assert (test.ramp[0], test.ramp[-1]) == (low, high)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            {"low": 1.0, "high": math.nextafter(1.0, 2.0)},
            (
                "100 values do not fit between low=1 and high=1: some would be equal or out of "
                "order; write fewer steps=, or bounds that lie further apart"
            ),
        ),
        (
            {"low": 1e-3, "high": 1e300},
            (
                "'lr' of param group 0 would go from 0.001 to 1e+300, which it cannot hold; write "
                "another low= or high="
            ),
        ),
        (
            {"low": -1e308, "high": 1e308, "ramp": "linear"},
            (
                "'lr' of param group 0 would go from -1e+308 to 1e+308, which it cannot hold; "
                "write another low= or high="
            ),
        ),
        ({"steps": 10**9}, "steps must be at most 100,000, got 1000000000"),
        ({"high": 10**400}, f"high must be finite, got {'1' + '0' * 56}..."),
        ({"folder": "/none"}, "folder needs a folder, and '/none' is not there; make it first"),
        ({"folder": __file__}, f"folder needs a folder, and {__file__!r} is a file"),
        ({"folder": 5}, "folder needs the path of a folder, got 5; write folder='copies'"),
    ],
)
def test_bounds_and_folders_that_cannot_be_are_refused_before_the_first_update(settings, text):
    optimizer = sgd()
    with pytest.raises(PassoError) as error:
        range_test(answers([], optimizer), optimizer, restore=[], **settings)
    assert str(error.value) == text
    assert optimizer.param_groups[0]["lr"] == 1.0


@pytest.mark.parametrize("loss", [10**400, -(10**400)])
def test_a_loss_beyond_the_largest_float_ends_the_test_as_an_infinite_one(loss):
    optimizer = sgd()
    test = range_test(answers([1.0, loss], optimizer), optimizer, restore=[], steps=5)
    assert test.losses == (1.0, math.copysign(math.inf, 1 if loss > 0 else -1))


def test_losses_below_zero_are_no_divergence():
    """torch-lr-finder stops where a loss exceeds a multiple of the best: at once, below zero."""
    o = sgd()
    test = range_test(answers([-1.0 - 0.1 * k for k in range(20)], o), o, restore=[], steps=20)
    assert len(test.values) == 20


def test_a_loader_that_is_shorter_than_the_test_is_dealt_from_anew():
    """lightning's lr_find cuts the test to the batches that there are."""
    model = nn.Linear(1, 1)
    o = torch.optim.SGD(model.parameters(), lr=0.1)
    data = torch.utils.data.TensorDataset(torch.ones(4, 1), torch.ones(4, 1))
    step = loader_step(model, o, nn.functional.mse_loss, torch.utils.data.DataLoader(data))
    assert len(range_test(step, o, restore=[], steps=12, low=1e-6, high=1e-3).values) == 12
