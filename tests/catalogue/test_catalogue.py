"""The catalogue: what every entry has, and how it is found by any of its names."""

from __future__ import annotations

import inspect

import pytest

from passo import PassoError, Run, catalogue, from_json, parse, steps, to_json
from passo.catalogue import ENTRIES
from passo.catalogue.lookup import plain
from passo.schedules import recipes, shapes
from tests.catalogue.page import PAGE, page

LIBRARIES = {
    "abel_pytorch", "anyschedule", "big_vision", "composer", "deepspeed", "diffusers", "fairseq",
    "fastai", "fvcore", "ignite", "keras", "llm_foundry", "lr_finder", "lrsched", "megatron",
    "mmengine", "nanotron", "nemo", "olmo", "opennmt", "optax", "paddle", "pytorch_optimizer",
    "pytorch_scheduler", "pytorch_warmup", "t5x", "timm", "torch", "torch_schedule_anything",
    "torchtitan", "torchtune", "transformers",
}  # fmt: skip
DRAWN = [each for each in ENTRIES if each.expression is not None]


@pytest.mark.parametrize("entry", ENTRIES, ids=[each.name for each in ENTRIES])
def test_an_entry_is_whole(entry):
    assert entry.name == entry.name.strip()
    assert {entry: 1}[entry] == 1
    assert entry.formula
    assert entry.source
    assert entry.expression is not None or entry.notes.startswith("There is no expression")
    assert set(entry.peers) <= LIBRARIES
    assert all(name and name == name.strip() for names in entry.peers.values() for name in names)
    assert catalogue.find(entry.name)[0] is catalogue.named(entry.name) is entry
    for name in entry.names():
        assert entry in catalogue.find(name.upper().replace(" ", "-"))


@pytest.mark.parametrize("entry", DRAWN, ids=[each.name for each in DRAWN])
def test_an_expression_takes_its_parameters_by_name_and_has_text_and_json(entry):
    parameters = inspect.signature(entry.expression).parameters.values()
    assert all(each.kind is each.KEYWORD_ONLY for each in parameters)
    assert all(each.default is not each.empty for each in parameters)
    made = entry.expression()
    assert parse(repr(made)) == from_json(to_json(made)) == made
    filled = made.with_base(0.1) if made.relative else made
    assert len(filled.curve(Run(steps(1000))).values) > 1


def test_the_names_of_entries_differ():
    names = [plain(each.name) for each in ENTRIES]
    assert len(set(names)) == len(names)


def test_every_shape_and_recipe_stands_in_some_entry():
    used = " ".join(inspect.getsource(each.expression) for each in DRAWN)
    reached = {"Base", "warmup_linear", "cyclic_momentum", "polynomial_decay", "cosine_decay"}
    lacking = {*shapes.__all__, *recipes.__all__} - reached
    assert sorted(name for name in lacking if f"{name}(" not in used) == []


def test_the_page_is_what_the_code_says():
    said = "docs/catalogue.md is not what the code says; write it: python -m tests.catalogue.page"
    assert PAGE.read_text("utf-8") == page(), said


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("StepLR", ["step decay"]),
        ("torch.steplr", ["step decay"]),
        ("cosine with hard restarts", ["cosine with hard restarts"]),
        ("COSINE-WITH_hard restarts", ["cosine with hard restarts"]),
        ("transformers.cosine", ["cosine"]),
        ("cosine", ["cosine", "WSD with a cosine cooldown"]),
        ("sgdr", ["warm restarts"]),
        ("GreedyLR", ["GreedyLR"]),
        ("k-decay", ["k-decay cosine", "k-decay polynomial"]),
        ("RAdamWarmup", ["RAdam's rectification"]),
        ("noise", ["noise"]),
    ],
)
def test_a_name_is_found_wherever_it_is_from(name, found):
    assert [each.name for each in catalogue.find(name)] == found


def test_every_scheduler_of_torch_and_transformers_is_found():
    torch = pytest.importorskip("torch.optim.lr_scheduler")
    theirs = pytest.importorskip("transformers").SchedulerType
    names = [f"torch.{name}" for name in torch.__all__ if name != "LRScheduler"]
    names += [f"transformers.{each.value}" for each in theirs]
    assert [name for name in names if not catalogue.knows(name)] == []
    assert len(names) > 25


def test_one_name_for_several_things_lists_them_all():
    found = {each.name for each in catalogue.find("get_wsd_schedule")}
    assert {"WSD with a linear cooldown", "WSD with a cosine cooldown", "1-sqrt warm-up"} <= found
    libraries = {lib for each in catalogue.find("exponential_decay") for lib in each.peers}
    assert {"optax", "lrsched"} <= libraries


def test_a_word_is_searched_in_names_sources_and_notes():
    assert [each.name for each in catalogue.search("restart")] == [
        "cosine with hard restarts",
        "warm restarts",
        "warm restarts with falling peaks",
        "warm restarts with a warm-up in each cycle",
        "restarts of their own length and height",
    ]
    assert catalogue.search("2508.01483")[0].name == "WSD with a mirrored cosine cooldown"
    assert catalogue.search("zzz") == ()


NOBODY = "no schedule of the catalogue is called {} here or in any library"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "cosine with hard restart",
            NOBODY + "; did you mean 'cosine with hard restarts' or 'cosine_with_restarts'?",
        ),
        ("StepRL", NOBODY + "; did you mean 'StepLR'?"),
        ("banana", NOBODY + "; write passo list --search WORD"),
        ("", NOBODY + "; write passo list --search WORD"),
        (3, 'a schedule is looked up by its name, such as "SGDR", got {}'),
    ],
)
def test_a_name_that_nobody_has_is_refused_with_what_is_near(name, text):
    with pytest.raises(PassoError) as caught:
        catalogue.find(name)
    assert str(caught.value) == text.format(repr(name))


def test_a_name_of_several_is_no_name_of_one():
    with pytest.raises(PassoError) as caught:
        catalogue.named("k-decay")
    assert str(caught.value) == (
        "'k-decay' may be any of 'k-decay cosine', 'k-decay polynomial'; "
        "write catalogue.find('k-decay') for all of them"
    )
    with pytest.raises(PassoError) as caught:
        catalogue.search(" - ")
    assert str(caught.value) == "a word is searched for, such as \"restart\", got ' - '"
