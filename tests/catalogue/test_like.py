"""What every library of `like` has, what is missing when one is added, and how it refuses."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import passo
from passo import (
    Constant,
    Linear,
    PassoError,
    Run,
    Schedule,
    epochs,
    like,
    parse,
    samples,
    steps,
)
from passo.catalogue.like import words
from passo.catalogue.like.registry import LIBRARIES, Either
from passo.ground.calls import WrongCall
from tests.advice.table import vars_of
from tests.catalogue import like_page

ROOT = Path(__file__).parent.parent.parent
FILES = {
    file.stem
    for file in (ROOT / "src/passo/catalogue/like/libraries").glob("*.py")
    if file.stem != "__init__"
}
METHODS = [method for library in LIBRARIES.values() for method in library.methods]
NAMES = [f"{method.library}.{name}" for method in METHODS for name in method.names]


# -- adding a library or a name


def test_every_library_is_handed_out_and_known_for_its_words():
    lacks = "src/passo/catalogue/like/__init__.py does not import these libraries"
    assert not FILES - set(LIBRARIES) - NO_LIBRARY, lacks
    for library in LIBRARIES:
        assert library in like.__all__, f"`__all__` of like lacks {library}"
        assert library in words.ORDER, f"ORDER of like/words.py lacks {library}"


NO_LIBRARY = {  # parts of a library
    "mmengine_curves",
    "mmengine_windows",
    "olmo_stages",
    "optax_joined",
    "timm_names",
    "timm_parts",
    "transformers_metrics",
}


def test_no_name_stands_for_two_schedules_of_a_library():
    assert sorted(set(NAMES)) == sorted(NAMES)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_shows_an_example_and_its_source(library):
    doc = inspect.getdoc(getattr(like, library))
    assert ">>> " in doc
    assert "Source:" in doc


@pytest.mark.parametrize("method", METHODS, ids=lambda each: f"{each.library}.{each.names[0]}")
@pytest.mark.parametrize("past", ["theirs", "hold"])
def test_every_example_is_a_right_call_and_its_answer_reads_back(method, past):
    answer = eval(f"{method.call()[:-1]}, past={past!r})", vars_of(passo))
    plans = answer.values() if isinstance(answer, dict) else [answer]
    for plan in plans:
        assert isinstance(plan, Schedule)
        assert parse(repr(plan)) == plan
        plan.with_base(0.1).on(Run(steps(1000), steps_per_epoch=10))(10)


@pytest.mark.parametrize("method", METHODS, ids=lambda each: f"{each.library}.{each.names[0]}")
def test_remarks_are_sentences_and_every_alias_has_them(method):
    for name in method.names:
        assert like.remarks(f"{method.library}.{name}") == method.remarks
    assert [each for each in method.remarks if not re.fullmatch(r"[A-Za-z_].*\.", each)] == []


def test_an_answer_that_goes_on_says_so():
    """Who has an answer of its own for `hold` has a remark, or does something past its end."""
    for method in METHODS:
        if isinstance(method.make(**method.example), Either):
            assert method.remarks, f"{method.where()} goes on past its end without a remark"


def test_the_page_has_the_table_of_every_library():
    page = (ROOT / "docs/like.md").read_text("utf-8")
    assert page == like_page.written(page), "write it: python -m tests.catalogue.like_page"


# -- wrong calls


def said(call: str, kind: type[Exception] = PassoError) -> str:
    with pytest.raises(kind) as caught:
        eval(call, vars_of(passo))
    assert type(caught.value) is kind
    return str(caught.value)


HAS = (
    "constant, constant_with_warmup, linear, cosine, cosine_with_restarts, polynomial, "
    "inverse_sqrt, cosine_with_min_lr, cosine_warmup_with_min_lr, warmup_stable_decay, "
    "reduce_lr_on_plateau, greedy"
)
RIGHT = 'like.transformers("cosine", num_warmup_steps=100, num_training_steps=1000)'
TAKES = "(num_warmup_steps, num_training_steps, num_cycles)"
WRONG_NAMES = {
    'like.transformers("cosin")': (
        f"like.transformers has no schedule 'cosin'; did you mean 'cosine'? It has {HAS}"
    ),
    'like.transformers("banana")': f"like.transformers has no schedule 'banana'. It has {HAS}",
    "like.transformers(3)": "the name of a schedule of transformers must be a string, got 3",
    "like.transformers([])": "the name of a schedule of transformers must be a string, got []",
    'like.transformers("StepLR")': (
        "like.transformers has no schedule 'StepLR', torch has; write "
        'like.torch("StepLR", step_size=30)'
    ),
    'like.ignite("ParamGroupScheduler")': (
        "like.ignite has no ParamGroupScheduler: each of its schedulers is asked for by itself, "
        "and passo.by_group gives one to each param group"
    ),
    'like.remarks("transformers.banana")': (
        f"like.transformers has no schedule 'banana'. It has {HAS}"
    ),
    'like.remarks("inverse_sqrt_")': (
        "remarks are of a library's schedule, got 'inverse_sqrt_'; write "
        'like.remarks("transformers.cosine")'
    ),
    'like.remarks("get_inverse_sqrt_schedule")': (
        "remarks are of a library's schedule, got 'get_inverse_sqrt_schedule'; write "
        'like.remarks("transformers.get_inverse_sqrt_schedule")'
    ),
    "like.remarks(3)": (
        'remarks are of a library\'s schedule, got 3; write like.remarks("transformers.cosine")'
    ),
    'like.transformers("cosine", num_warmup_steps=1, num_training_steps=2, past="mine")': (
        "past must be one of 'theirs', 'hold', got 'mine'"
    ),
}
WRONG_CALLS = {
    'like.transformers("cosine", num_training_steps=3)': (
        f'like.transformers("cosine"): num_warmup_steps is missing; it takes {TAKES}, write {RIGHT}'
    ),
    'like.transformers("cosine")': (
        'like.transformers("cosine"): num_warmup_steps and num_training_steps are missing; it '
        f"takes {TAKES}, write {RIGHT}"
    ),
    'like.transformers("cosine", num_warmup_step=3)': (
        "like.transformers(\"cosine\"): it has no argument 'num_warmup_step'; did you mean "
        f"'num_warmup_steps'? It takes {TAKES}, write {RIGHT}"
    ),
    'like.transformers("cosine", banana=3)': (
        "like.transformers(\"cosine\"): it has no argument 'banana'; it takes "
        f"{TAKES}, write {RIGHT}"
    ),
    'like.transformers("cosine", T_max=3)': (
        f'like.transformers("cosine"): T_max is torch\'s; here it is num_training_steps, it takes '
        f"{TAKES}, write {RIGHT}"
    ),
    'like.transformers("linear", num_warmup_steps=1, num_training_steps=9, num_cycles=2)': (
        'like.transformers("linear"): num_cycles is an argument of cosine and 4 others; it takes '
        "(num_warmup_steps, num_training_steps), write "
        'like.transformers("linear", num_warmup_steps=100, num_training_steps=1000)'
    ),
    'like.timm("CosineLRScheduler", t_initial=9, ub=1.0)': (
        'like.timm("CosineLRScheduler"): ub is an argument of TanhLRScheduler; it takes '
        "(t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit, warmup_t, warmup_lr_init, "
        "warmup_prefix, t_in_epochs, k_decay), write "
        'like.timm("CosineLRScheduler", t_initial=300, warmup_t=5, lr_min=1e-05)'
    ),
    'like.transformers("constant", t_initial=3)': (
        'like.transformers("constant"): t_initial is timm\'s; it takes (), write '
        'like.transformers("constant")'
    ),
    'like.timm("CosineLRScheduler", num_warmup_steps=3)': (
        'like.timm("CosineLRScheduler"): num_warmup_steps is transformers\'; here it is warmup_t, '
        "it takes (t_initial, lr_min, cycle_mul, cycle_decay, cycle_limit, warmup_t, "
        "warmup_lr_init, warmup_prefix, t_in_epochs, k_decay), write "
        'like.timm("CosineLRScheduler", t_initial=300, warmup_t=5, lr_min=1e-05)'
    ),
    'like.transformers("cosine", 100, 1000)': (
        "transformers: too many positional arguments; it takes (name, *, past, **arguments), "
        f"write {RIGHT}"
    ),
}
COSINE = 'like.transformers("cosine"'
WRONG_VALUES = {
    "num_warmup_steps='10', num_training_steps=20": (
        "num_warmup_steps must be a number of at least 0, got '10'"
    ),
    "num_warmup_steps=-1, num_training_steps=20": (
        "num_warmup_steps must be a number of at least 0, got -1"
    ),
    "num_warmup_steps=float('nan'), num_training_steps=20": (
        "num_warmup_steps must be finite, got nan"
    ),
    "num_warmup_steps=None, num_training_steps=20": "num_warmup_steps must be a number, got None",
    "num_warmup_steps=0.1, num_training_steps=20": (
        "num_warmup_steps counts updates and must be 0 or at least 1, got 0.1"
    ),
    "num_warmup_steps=3, num_training_steps=20, scheduler_specific_kwargs=[0.5]": (
        "scheduler_specific_kwargs must be a dict of arguments, got [0.5]"
    ),
    "num_cycles=1, scheduler_specific_kwargs={'num_cycles': 2}": (
        "num_cycles is given twice, beside scheduler_specific_kwargs and in it"
    ),
    "num_warmup_steps=1, num_training_steps=20, last_epoch=4": (
        "last_epoch=4 begins inside the schedule; leave it out, and write .skip(steps(5)) behind "
        "the call"
    ),
    "num_warmup_steps=1, num_training_steps=20, last_epoch='4'": (
        "last_epoch must be a whole number of at least 0, got '4'"
    ),
}


@pytest.mark.parametrize("call", WRONG_NAMES)
def test_a_name_that_there_is_not_is_told_with_those_that_there_are(call):
    assert said(call) == WRONG_NAMES[call]


def test_a_live_scheduler_is_told_how_it_is_translated():
    class Live:
        optimizer = None

        def step(self):
            pass

        def __repr__(self):
            return "Live()"

    with pytest.raises(PassoError) as caught:
        passo.like.torch(Live())
    assert str(caught.value) == (
        "the name of a schedule of torch must be a string, got Live(); write "
        "translate(scheduler).plan, from passo.optim import translate"
    )


@pytest.mark.parametrize("call", WRONG_CALLS)
def test_arguments_that_a_schedule_does_not_take_are_told_with_a_right_call(call):
    assert said(call, WrongCall) == WRONG_CALLS[call]


WRONG_OF_OTHERS = {
    'like.torch("OneCycleLR", max_lr=0.1)': "total_steps is needed, or epochs and steps_per_epoch",
    'like.torch("OneCycleLR", max_lr=0.1, total_steps=1)': (
        "no update is left for a phase: total_steps=1, pct_start=0.3"
    ),
    'like.torch("OneCycleLR", max_lr=[0.1, 0.2], total_steps=9)': (
        "max_lr=[0.1, 0.2] has a value for each param group, and an expression is that of one; "
        "write max_lr=0.1 for the first, a call for each, and passo.by_group to hand them out"
    ),
    'like.torch("LambdaLR", lr_lambda=[abs, abs])': (
        "lr_lambda=[<built-in function abs>, <built-in function abs>] has a value for each param "
        "group, and an expression is that of one; write lr_lambda=abs for the first, a call for "
        "each, and passo.by_group to hand them out"
    ),
    'like.torch("CyclicLR", base_lr=[], max_lr=0.1)': "base_lr must be a number, got []",
    'like.torch("SequentialLR", schedulers=[base, base], milestones=[5, 9])': (
        "milestones must be one fewer than schedulers, got [5, 9] and 2 schedulers"
    ),
    'like.torch("SequentialLR", schedulers=[base, base, base], milestones=[5, 3])': (
        "a milestone must be at least the one before it, got 3 and 5"
    ),
    'like.torch("ChainedScheduler", schedulers=[Cosine(base, 0.1, steps(3)), base])': (
        "Cosine(base, 0.1, steps(3)) is no factor of the rate that is there, and what is chained "
        "with it depends on each step; passo.optim.lift reads the scheduler itself"
    ),
    'like.torch("ReduceLROnPlateau", eps=0.01)': (
        "no expression has falls that are left out where they are below eps=0.01"
    ),
    'like.torch("LinearLR", start_factor=0)': ("start_factor must be above 0 and at most 1, got 0"),
    'like.torch("ConstantLR", factor=2)': "factor must be from 0 to 1, got 2",
    'like.torch("MultiStepLR", milestones=30)': ("milestones must be a list, got 30"),
    'like.timm("MultiStepLRScheduler", decay_t=[30, 10])': ("milestones must grow, got [30, 10]"),
    'like.timm("CosineLRScheduler", t_initial=9, noise_range_t=3)': (
        "noise_range_t=3: its values are those of torch's own generator, and no expression has them"
    ),
    'like.timm("WSDLRScheduler", t_initial=9, decay_t=10)': (
        "t_initial must be at least decay_t, got 9 and 10"
    ),
    'like.timm("WSDLRScheduler", t_initial=9, decay_t=3, stable_fn="rsqrt")': (
        "stable_fn='rsqrt' needs a stable_timescale above 0, or a warm-up"
    ),
    'like.timm("wsd", num_epochs=9, warmup_epochs=12)': (
        "num_epochs must be at least warmup_epochs, got 9 and 12"
    ),
    'like.transformers("cosine_with_min_lr", num_warmup_steps=6, num_training_steps=9)': (
        "one of min_lr and min_lr_rate is needed, got neither"
    ),
    'like.transformers("greedy", lr=1e-5)': (
        "lr must be from min_lr to max_lr, got 1e-05 and 0.001 to 1"
    ),
    'like.transformers("greedy")': "min_lr and max_lr are rates: lr is needed, or the optimizer",
    'like.nemo("CosineAnnealing", max_steps=9, warmup_steps=9)': (
        "max_steps must be above warmup_steps, got 9 and 9"
    ),
    'like.nemo("WarmupPolicy", warmup_ratio=0.1)': (
        "warmup_ratio is a share of max_steps, which is not given"
    ),
    'like.fairseq("tri_stage", phase_ratio=[0.5, 0.1, 0.1], max_update=9)': (
        "phase_ratio must add up to 1, got [0.5, 0.1, 0.1]"
    ),
    'like.fairseq("inverse_sqrt", lr=[0.1, 0.2])': (
        "lr must be one rate, got [0.1, 0.2]; only fixed has one for each epoch"
    ),
    'like.ignite("ConcatScheduler", schedulers=[base, base], durations=[])': (
        "durations must be one fewer than schedulers, got [] and 2 schedulers"
    ),
    'like.ignite("PiecewiseLinear", param_name="lr", milestones_values=[(5, 0), (3, 1)])': (
        "milestones must grow, got 3 after 5"
    ),
    'like.pytorch_warmup("LinearWarmup", warmup_period=0)': (
        "warmup_period must be a whole number of at least 1, got 0"
    ),
    'like.lr_finder("LinearLR", end_lr=1, num_iter=1)': (
        "num_iter must be a whole number of at least 2, got 1"
    ),
}


@pytest.mark.parametrize(
    "join",
    [
        lambda parts: like.torch("SequentialLR", schedulers=parts, milestones=[5]),
        lambda parts: like.ignite("ConcatScheduler", schedulers=parts, durations=[5]),
        lambda parts: like.optax("join_schedules", schedules=parts, boundaries=[5]),
    ],
)
@pytest.mark.parametrize("unit", [epochs, samples])
def test_a_part_in_another_unit_is_over_at_its_milestone(join, unit):
    run = Run(steps(100), steps_per_epoch=10, samples_per_step=10)
    joined = join([Linear(0, 1, unit(5)), Constant(2)]).on(run)
    assert joined(4) == Linear(0, 1, unit(5)).on(run)(4)
    assert joined(5) == joined(99) == 2


@pytest.mark.parametrize("call", WRONG_OF_OTHERS)
def test_lengths_and_values_are_refused_in_each_library(call):
    where = re.match(r'like\.\w+\("\w+"', call)[0]
    assert said(call) == f"{where}): {WRONG_OF_OTHERS[call]}"


@pytest.mark.parametrize("given", WRONG_VALUES)
def test_a_value_without_meaning_is_refused_where_it_was_given(given):
    assert said(f"{COSINE}, {given})") == f"{COSINE}): {WRONG_VALUES[given]}"


def test_what_moves_nothing_may_be_given():
    plain = like.transformers("constant")
    assert like.transformers("constant", optimizer=object(), last_epoch=-1) == plain


def test_what_get_scheduler_takes_for_every_name_may_be_given():
    plain = like.transformers("inverse_sqrt", num_warmup_steps=9)
    assert like.transformers("inverse_sqrt", num_warmup_steps=9, num_training_steps=20) == plain
    constant = like.transformers("constant", num_warmup_steps=None, num_training_steps=20)
    assert constant == like.transformers("constant")
    lengths = {"num_warmup_steps": 3, "num_training_steps": 20}
    given = {"min_lr_rate": 0.1}
    made = like.transformers("cosine_with_min_lr", scheduler_specific_kwargs=given, **lengths)
    assert made == like.transformers("cosine_with_min_lr", **lengths, **given)
    assert like.transformers("linear", scheduler_specific_kwargs=None, **lengths) == (
        like.transformers("linear", **lengths)
    )


def test_the_one_value_of_a_list_for_param_groups_is_that_of_the_one_group():
    one = like.torch("OneCycleLR", max_lr=[0.1], total_steps=9, base_momentum=[0.8])
    assert one == like.torch("OneCycleLR", max_lr=0.1, total_steps=9, base_momentum=0.8)
    assert like.pytorch_warmup("LinearWarmup", warmup_period=[9]) == (
        like.pytorch_warmup("LinearWarmup", warmup_period=9)
    )
    params = {"warmup_min_lr": [0.01], "warmup_max_lr": (0.1,), "warmup_num_steps": 9}
    of_numbers = {"warmup_min_lr": 0.01, "warmup_max_lr": 0.1, "warmup_num_steps": 9}
    assert like.deepspeed({"type": "WarmupLR", "params": params}) == (
        like.deepspeed({"type": "WarmupLR", "params": of_numbers})
    )
