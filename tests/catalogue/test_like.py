"""What every library of `like` has, what is missing when one is added, and how it refuses."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import passo
from passo import PassoError, Run, Schedule, like, parse, steps
from passo.catalogue.like import words
from passo.catalogue.like.library import LIBRARIES, Either
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


NO_LIBRARY = {"timm_names", "timm_parts"}  # parts of a library


def test_no_name_stands_for_two_schedules_of_a_library():
    assert sorted(set(NAMES)) == sorted(NAMES)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_shows_an_example_and_its_source(library):
    doc = inspect.getdoc(getattr(like, library))
    assert ">>> " in doc
    assert "Source: " in doc


@pytest.mark.parametrize("method", METHODS, ids=lambda each: f"{each.library}.{each.names[0]}")
@pytest.mark.parametrize("past", ["theirs", "hold"])
def test_every_example_is_a_right_call_and_its_answer_reads_back(method, past):
    answer = eval(f"{method.call()[:-1]}, past={past!r})", vars_of(passo))
    plans = answer.values() if isinstance(answer, dict) else [answer]
    for plan in plans:
        assert isinstance(plan, Schedule)
        assert parse(repr(plan)) == plan
        plan.with_base(0.1).on(Run(steps(1000)))(10)


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
    "inverse_sqrt, cosine_with_min_lr, cosine_warmup_with_min_lr, warmup_stable_decay"
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
    "num_warmup_steps=30, num_training_steps=20": (
        "num_training_steps must be at least num_warmup_steps, got 20 and 30"
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


@pytest.mark.parametrize("call", WRONG_CALLS)
def test_arguments_that_a_schedule_does_not_take_are_told_with_a_right_call(call):
    assert said(call, WrongCall) == WRONG_CALLS[call]


@pytest.mark.parametrize("given", WRONG_VALUES)
def test_a_value_without_meaning_is_refused_where_it_was_given(given):
    assert said(f"{COSINE}, {given})") == f"{COSINE}): {WRONG_VALUES[given]}"


def test_what_moves_nothing_may_be_given():
    plain = like.transformers("constant")
    assert like.transformers("constant", optimizer=object(), last_epoch=-1) == plain
