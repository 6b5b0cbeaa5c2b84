"""A name that is not there is answered with where it is, or with what is close."""

from __future__ import annotations

import importlib

import pytest

import passo
from passo.schedules.from_torch import TWINS

CANNOT = "cannot import name"


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (
            "from passo import StepLR",
            (
                f"{CANNOT} 'StepLR' from 'passo'; write from passo.optim.lr_scheduler import "
                "StepLR, or as a value step_decay(epochs(30), gamma=0.1)"
            ),
        ),
        (
            "from passo import warmup_cosin",
            f"{CANNOT} 'warmup_cosin' from 'passo'; did you mean 'warmup_cosine'?",
        ),
        (
            "from passo import lift",
            f"{CANNOT} 'lift' from 'passo'; write from passo.optim import lift",
        ),
        (
            "from passo import poster",
            f"{CANNOT} 'poster' from 'passo'; write from passo.plot import poster",
        ),
        ("from passo import banana", f"{CANNOT} 'banana' from 'passo'"),
        (
            "from passo.schedules import Lineer",
            f"{CANNOT} 'Lineer' from 'passo.schedules'; did you mean 'Linear'?",
        ),
        (
            "from passo.schedules.shapes import Rexx",
            f"{CANNOT} 'Rexx' from 'passo.schedules.shapes'; did you mean 'Rex'?",
        ),
        (
            "from passo.optim import atach",
            f"{CANNOT} 'atach' from 'passo.optim'; did you mean 'attach'?",
        ),
        (
            "from passo.optim import OneCycleLR",
            (
                f"{CANNOT} 'OneCycleLR' from 'passo.optim'; "
                "write from passo.optim.lr_scheduler import OneCycleLR"
            ),
        ),
        (
            "from passo.optim.lr_scheduler import StepRL",
            f"{CANNOT} 'StepRL' from 'passo.optim.lr_scheduler'; did you mean 'StepLR'?",
        ),
    ],
)
def test_an_import_of_what_is_not_there_says_what_to_write(line, text):
    with pytest.raises(ImportError) as caught:
        exec(line)
    assert str(caught.value) == text
    if "; write " in text:
        exec(text.split("; write ")[1].split(", or")[0])


def test_as_an_attribute_it_is_an_attribute_error_with_the_same_hint():
    text = "module 'passo' has no attribute 'cosine_decai'; did you mean 'cosine_decay'?"
    with pytest.raises(AttributeError, match=f"^{text}".replace("?", r"\?$")):
        passo.cosine_decai  # noqa: B018
    assert getattr(passo, "cosine_decai", None) is None
    assert not hasattr(passo, "StepLR")


@pytest.mark.parametrize("twin", TWINS, ids=[twin.name for twin in TWINS])
def test_every_class_of_torch_is_where_the_hint_says(twin):
    with pytest.raises(ImportError) as caught:
        exec(f"from passo import {twin.name}")
    home = "torch.optim.swa_utils" if twin.name == "SWALR" else "passo.optim.lr_scheduler"
    line = f"from {home} import {twin.name}"
    assert f"; write {line}, or as a value {twin.expression}" in str(caught.value)
    exec(line)


def test_a_module_that_is_not_imported_yet_is_still_found():
    for name in ("passo.cli", "passo.schedules.text", "passo.optim.recorder"):
        package, _, module = name.rpartition(".")
        exec(f"from {package} import {module} as found; assert found.__name__ == {name!r}")
        assert importlib.import_module(name)
