"""like.litgpt beside litgpt's own functions, each cut out of its file: the files need Lightning."""

from __future__ import annotations

import ast
import math
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from passo import like
from tests.catalogue import settings
from tests.peers.beside import agree

RATE = 0.3
SETTINGS = settings.of("litgpt")


def function_of(file, name):
    """One function of a file, made without the rest of it."""
    where = find_spec("litgpt").submodule_search_locations[0]
    tree = ast.parse(Path(where, file).read_text("utf-8"))
    (found,) = [each for each in tree.body if getattr(each, "name", "") == name]
    world = {"torch": torch, "math": math}
    exec(compile(ast.Module([found], []), file, "exec"), world)
    return world[name]


@pytest.mark.parametrize("given", SETTINGS["get_lr"], ids=str)
def test_values_are_those_of_the_pretraining(given):
    get_lr = function_of("pretrain.py", "get_lr")
    agree(like.litgpt("get_lr", **given), [get_lr(it=t, **given) for t in range(130)])


@pytest.mark.parametrize("given", SETTINGS["get_lr_scheduler"], ids=str)
@pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning")
def test_values_are_those_of_the_fine_tuning_past_the_end_too(given):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=RATE)
    scheduler = function_of("finetune/full.py", "get_lr_scheduler")(optimizer, **given)
    values = []
    for _ in range(150):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    agree(like.litgpt("get_lr_scheduler", **given).with_base(RATE), values)
