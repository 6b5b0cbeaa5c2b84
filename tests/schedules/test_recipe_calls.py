"""A recipe's arguments have names; what comes without one, or with another library's, is answered.

Each text is asserted whole, and each advice in it is tried.
"""

from __future__ import annotations

import inspect
import re

import pytest
import torch

import passo
from passo import PassoError, Run, Schedule, base, parse, percent, steps
from passo.ground.calls import WrongCall
from passo.schedules import recipes
from passo.schedules.recipes import foreign

WORLD = {name: getattr(passo, name) for name in passo.__all__}
LEADING = {
    "cyclic": "low",
    "exponential_decay": "gamma",
    "multistep_decay": "milestones",
    "noam": "d_model",
    "step_decay": "every",
}
EPOCHS = ", with epochs(...) where it counted epochs"
NAMED = "takes its arguments by name, got"


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)


def said(code, **more):
    """The text of the refusal of a call."""
    with pytest.raises(WrongCall) as caught:
        eval(code, {**WORLD, "optimizer": optimizer(), "run": Run(steps(100)), **more})
    assert caught.value.__suppress_context__
    assert isinstance(caught.value, (PassoError, TypeError))
    return str(caught.value)


def tried(text):
    """Every call that a text advises, made."""
    advice = text.split("; write ")[-1].removesuffix(EPOCHS)
    calls = re.split(r" or (?=\w+\()", advice)
    return [eval(c, {**WORLD, "optimizer": optimizer(), "run": Run(steps(100))}) for c in calls]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (
            "cosine_decay(100)",
            f"{NAMED} 100; write cosine_decay(peak=100) or cosine_decay(over=steps(100))",
        ),
        (
            "cosine_decay(0.1)",
            f"{NAMED} 0.1; write cosine_decay(peak=0.1) or cosine_decay(over=percent(10))",
        ),
        ("cosine_decay(0.1, 30)", f"{NAMED} 0.1, 30; write cosine_decay(peak=0.1, over=steps(30))"),
        (
            "cosine_decay(100, 0.001)",
            (
                f"{NAMED} 100, 0.001; write cosine_decay(peak=100, floor=0.001) "
                "or cosine_decay(over=steps(100), floor=0.001)"
            ),
        ),
        ("cosine_decay(0.5 * base)", f"{NAMED} 0.5 * base; write cosine_decay(peak=0.5 * base)"),
        ("cosine_decay(steps(9))", f"{NAMED} steps(9); write cosine_decay(over=steps(9))"),
        ("cosine_decay(run)", f"{NAMED} Run(steps(100)); write cosine_decay().on(run)"),
        (
            "cosine_decay(optimizer, 9)",
            (
                f"{NAMED} an optimizer, 9; write attach(optimizer, cosine_decay(peak=9), run) "
                "or attach(optimizer, cosine_decay(over=steps(9)), run)"
            ),
        ),
        ("cosine_decay('a')", f"{NAMED} 'a'; write cosine_decay(peak=0.1, over=steps(1000))"),
        (
            "warmup_cosine(500)",
            f"{NAMED} 500; write warmup_cosine(peak=500) or warmup_cosine(warmup=steps(500))",
        ),
        (
            "warmup_cosine(steps(9), 0.1)",
            (
                f"{NAMED} steps(9), 0.1; write warmup_cosine(peak=0.1, warmup=steps(9)) "
                "or warmup_cosine(warmup=steps(9), floor=0.1)"
            ),
        ),
        (
            "wsd(0.1, steps(5), steps(9), '1-sqrt')",
            (
                f"{NAMED} 0.1, steps(5), steps(9), '1-sqrt'; "
                'write wsd(peak=0.1, warmup=steps(5), cooldown=steps(9), shape="1-sqrt")'
            ),
        ),
        ("warm_restarts(10, 2)", f"{NAMED} 10, 2; write warm_restarts(first=steps(10), grow=2)"),
        (
            "step_decay(30, 0.1)",
            (
                "takes all its arguments but every by name, got 0.1; "
                "write step_decay(steps(30), gamma=0.1)"
            ),
        ),
        (
            "multistep_decay([30, 80], 0.5)",
            (
                "takes all its arguments but milestones by name, got 0.5; "
                "write multistep_decay([steps(30), steps(80)], gamma=0.5)"
            ),
        ),
        (
            "noam(512, 4000)",
            (
                "takes all its arguments but d_model by name, got 4000; "
                "write noam(512, warmup=steps(4000))"
            ),
        ),
    ],
)
def test_an_argument_without_a_name_is_answered_with_what_it_may_have_meant(code, text):
    name = code.split("(")[0]
    assert said(code) == f"{name} {text}"
    assert tried(text)
    if "optimizer" not in code and "run" not in code:
        with pytest.raises(WrongCall, match=re.escape(text)):
            parse(code)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (
            "cosine_decay(T_max=100)",
            f"T_max is torch's; write cosine_decay(over=steps(100)){EPOCHS}",
        ),
        (
            "cosine_decay(optimizer, T_max=9, eta_min=1e-5)",
            (
                "T_max and eta_min are torch's; "
                f"write attach(optimizer, cosine_decay(over=steps(9), floor=1e-05), run){EPOCHS}"
            ),
        ),
        ("step_decay(step_size=30)", f"step_size is torch's; write step_decay(steps(30)){EPOCHS}"),
        (
            "one_cycle(max_lr=0.1, total_steps=1000)",
            (
                "max_lr and total_steps are torch's; "
                "write attach(optimizer, one_cycle(peak=0.1), Run(steps(1000)))"
            ),
        ),
        (
            "one_cycle(max_lr=0.1, epochs=9, steps_per_epoch=50, pct_start=0.3)",
            (
                "max_lr, epochs, steps_per_epoch and pct_start are torch's; "
                "write attach(optimizer, one_cycle(peak=0.1, rise=percent(30)), "
                "Run.of(50, epochs=9))"
            ),
        ),
        (
            "warmup_cosine(num_warmup_steps=500, num_training_steps=10_000)",
            (
                "num_warmup_steps and num_training_steps are transformers'; "
                "write attach(optimizer, warmup_cosine(warmup=steps(500)), Run(steps(10000)))"
            ),
        ),
        (
            "warmup_cosine(lr=1e-3, min_lr=1e-5)",
            (
                "lr and min_lr are torch's and transformers'; "
                "write warmup_cosine(peak=0.001, floor=1e-05)"
            ),
        ),
        (
            "cosine_decay(decay_steps=100, alpha=0.1)",
            (
                "decay_steps and alpha are keras' and optax's; "
                "write cosine_decay(over=steps(100), floor=0.1 * base)"
            ),
        ),
        (
            "cosine_decay(peak=1, last_epoch=-1)",
            "last_epoch is torch's; write cosine_decay(peak=1)",
        ),
        (
            "one_cycle(div_factor=10, anneal_strategy='cos', three_phase=True)",
            (
                "div_factor, anneal_strategy and three_phase are torch's; "
                'write one_cycle(initial=0.1, shape="cosine", phases=3)'
            ),
        ),
        (
            "cosine_decay(step_size=30)",
            (
                "it has no argument 'step_size'; it takes (*, peak, over, floor), "
                "write cosine_decay(peak=0.1, over=steps(1000))"
            ),
        ),
        (
            "cosine_decay(T_max='soon')",
            (
                "it has no argument 'T_max'; it takes (*, peak, over, floor), "
                "write cosine_decay(peak=0.1, over=steps(1000))"
            ),
        ),
        (
            "cosine_decay(peek=3)",
            (
                "it has no argument 'peek'; did you mean 'peak'? It takes (*, peak, over, floor), "
                "write cosine_decay(peak=0.1, over=steps(1000))"
            ),
        ),
        (
            "warm_restarts()",
            (
                "missing a required argument: 'first'; it takes (*, first, grow, shrink, "
                "peak, floor), "
                "write warm_restarts(first=epochs(10))"
            ),
        ),
    ],
)
def test_a_name_of_another_library_is_answered_with_ours(code, text):
    assert said(code) == f"{code.split('(')[0]}: {text}"
    if "takes" not in text:
        assert tried(text)


@pytest.mark.parametrize("name", recipes.__all__)
def test_all_but_the_names_that_are_plain_without_are_by_name(name):
    parameters = inspect.signature(getattr(passo, name)).parameters.values()
    free = [each.name for each in parameters if each.kind is not each.KEYWORD_ONLY]
    assert free == ([LEADING[name]] if name in LEADING else [])


NEEDED = {"low": 0.01, "gamma": 0.9, "d_model": 512, "every": steps(30), "first": steps(9)}
NEEDED |= {"milestones": [steps(30), steps(60)], "warmup": steps(9), "count": 8}
GIVEN = [0, 1, 100, 0.1, 1e-5, -3, 10**400, float("nan"), True, None, "linear", "x", (), base]
GIVEN += [0.5 * base, steps(9), percent(5), object(), Run(steps(9)), [1], {}, 1j]


@pytest.mark.parametrize("name", recipes.__all__)
def test_every_recipe_answers_every_argument_without_a_name(name):
    first = [NEEDED[LEADING[name]]] if name in LEADING else []
    for value in GIVEN:
        for more in (), (7,), (0.5,), (steps(3),), (base,):
            with pytest.raises(WrongCall) as caught:
                getattr(passo, name)(*first, value, *more)
            text = str(caught.value)
            assert text.startswith(f"{name} takes ")
            assert len(text) < 400
            assert all(isinstance(made, Schedule) for made in tried(text))


VALUES = {"shape": "cos", "grow": 2, "milestones": [10, 20], "phases": True, "d_model": 64}
NOT_OF = {  # noam's warm-up is in steps, and a gamma of triangles needs a mode
    "warmup_epochs": {"noam"},
    "warmup_ratio": {"noam"},
    "warmup_t": {"noam"},
    "decay_rate": {"cyclic", "cyclic_momentum"},
}


@pytest.mark.parametrize("word", sorted(foreign.WORDS))
def test_every_word_of_another_library_has_its_recipe_and_its_advice_is_right(word):
    found = 0
    for name in recipes.__all__:
        parameters = inspect.signature(getattr(passo, name)).parameters
        ours = next((each for each in foreign.WORDS[word].stands_for if each in parameters), None)
        if ours is None or word in parameters or name in NOT_OF.get(word, ()):
            continue
        found += 1
        needed = {
            each.name: NEEDED[each.name]
            for each in parameters.values()
            if each.default is each.empty and each.name != ours
        }
        with pytest.raises(WrongCall) as caught:
            getattr(passo, name)(**needed, **{word: VALUES.get(ours, 0.5)})
        text = str(caught.value)
        assert text.startswith(f"{name}: {word} is "), text
        (made,) = tried(text)
        assert isinstance(made, Schedule)
    assert found
