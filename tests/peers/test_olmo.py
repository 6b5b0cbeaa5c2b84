"""like.olmo beside OLMo-core's own classes: their file alone, without what it stands in."""

from __future__ import annotations

import warnings
from enum import StrEnum
from importlib import import_module

import pytest

from passo import Run, like, tokens
from passo.catalogue.like.registry import LIBRARIES
from tests.catalogue import settings
from tests.catalogue.settings.olmo import CUTS, OVERRIDES, SEQUENCES
from tests.peers.bare import bare, stub
from tests.peers.beside import agree, calls


class Registrable:
    """What names its subclasses."""

    @classmethod
    def register(cls, name):
        return lambda made: (
            vars(made).get("registered") or setattr(made, "registered", name) or made
        )


with bare("olmo_core", "olmo_core.optim", "olmo_core.distributed"):
    stub(
        "olmo_core.config",
        Config=type("Config", (), {}),
        Registrable=Registrable,
        StrEnum=StrEnum,
    )
    stub("olmo_core.distributed.utils", get_rank=lambda: 0)
    stub("olmo_core.optim.config", INITIAL_LR_FIELD="initial_lr", LR_FIELD="lr")
    theirs = import_module("olmo_core.optim.scheduler")

RATE = 0.3
SETTINGS = dict(settings.of("olmo"))
del SETTINGS["SequentialScheduler"]  # compared below, with its own classes inside


def their_values(name, given, t_max, updates):
    given = {key: value for key, value in given.items() if key != "t_max"}
    if "stages" in given:
        stage, shape = theirs.ComposableSchedulerStage, theirs.ComposableSchedulerStageType
        given["stages"] = [
            stage(**{**each, "shape": shape(each.get("shape", "linear"))})
            for each in given["stages"]
        ]
    if given.get("override_decay"):
        each, shape = given["override_decay"], theirs.ComposableSchedulerStageType
        given["override_decay"] = theirs.OverrideDecay(
            **{**each, "shape": shape(each.get("shape", "linear"))}
        )
    scheduler = getattr(theirs, name)(**given)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [scheduler.get_lr(RATE, t, t_max) for t in range(updates)]


@pytest.mark.parametrize(("name", "given"), calls(SETTINGS))
def test_values_are_those_of_olmo_past_the_end_too(name, given):
    t_max = given["t_max"]
    values = their_values(name, given, t_max, t_max + 30)
    agree(like.olmo(name, **given).with_base(RATE), values)
    held = like.olmo(name, past="hold", **given).with_base(RATE)
    agree(held, values[: t_max + 1])


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("LinearWithWarmup", {"warmup": 10}),
        ("CosWithWarmup", {"warmup": 10, "alpha_f": 0.2}),
        ("WSD", {"warmup": 10, "decay_fraction": 0.2}),
        ("CosWithWarmupAndLinearDecay", {"warmup": 10, "decay_fraction": 0.2}),
        ("ExponentialScheduler", {"lr_min": 1e-4}),
    ],
)
def test_without_t_max_it_fills_its_run(name, given):
    values = their_values(name, given, 100, 100)
    agree(like.olmo(name, **given).with_base(RATE).on(Run.of(100, epochs=1)), values)
    counted = like.olmo(name, units="tokens", **given)
    placed = counted.with_base(RATE).on(Run(tokens(100), tokens_per_step=1, axis="token"))
    agree(placed, values)


@pytest.mark.parametrize("sequence", SEQUENCES, ids=lambda each: "-".join(n for n, _ in each))
@pytest.mark.parametrize("override", OVERRIDES)
def test_a_sequence_is_that_of_olmo(sequence, override):
    cuts, t_max = CUTS[len(sequence)], 100
    shape = theirs.ComposableSchedulerStageType
    decay = override and theirs.OverrideDecay(
        **{**override, "shape": shape(override.get("shape", "linear"))}
    )
    scheduler = theirs.SequentialScheduler(
        schedulers=[getattr(theirs, name)(**given) for name, given in sequence],
        schedulers_max=list(cuts),
        override_decay=decay,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = [scheduler.get_lr(RATE, t, t_max) for t in range(t_max + 1)]
    begins = [*cuts, t_max - sum(cuts)]
    parts = [
        like.olmo(name, t_max=lasts, **{k: v for k, v in given.items() if v is not None})
        for (name, given), lasts in zip(sequence, begins, strict=True)
    ]
    given = {"schedulers_max": cuts, "override_decay": override, "t_max": t_max}
    agree(like.olmo("SequentialScheduler", schedulers=parts, **given).with_base(RATE), values)


def test_every_registered_name_is_an_alias():
    names = {
        each.registered: name
        for name, each in vars(theirs).items()
        if isinstance(each, type) and "registered" in vars(each)
    }
    ours = {method.names[1]: method.names[0] for method in LIBRARIES["olmo"].methods}
    assert ours == names
