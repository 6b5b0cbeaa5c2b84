"""A scale that nobody reads is told at attach; a value is not called as a field is (issue 13)."""

from __future__ import annotations

import pytest
import torch

from passo import (
    Cosine,
    Linear,
    PassoError,
    Run,
    attach,
    base,
    by_group,
    steps,
)
from tests.optim.tools import said, sgd, weight

PLAN, RUN = base * Linear(1.0, 0.1), Run(steps(10))


# -- at attach


def layered(*scales, lr=1.0, **settings):
    groups = [{"params": [weight()], "lr_scale": scale} for scale in scales]
    return torch.optim.AdamW(groups, lr=lr, **settings)


SCALE = (
    "the param groups hold lr_scale, from 0.1 to 1, and nobody reads it: each group gets the rate "
    "without its scale; write before attach: for group in optimizer.param_groups: "
    'group["lr"] *= group.get("lr_scale", 1)'
)


@pytest.mark.parametrize(
    ("plan", "more"), [(PLAN, ""), (Cosine(1, 0), ", and make the plan relative to base")]
)
def test_scales_of_layers_that_nobody_reads_are_told_at_attach(plan, more):
    assert said(lambda: attach(layered(0.1, 0.5, 1.0), plan, RUN)) == [SCALE + more]


def test_what_the_words_about_scales_advise_helps():
    optimizer = layered(0.1, 0.5, 1.0)
    for group in optimizer.param_groups:
        group["lr"] *= group.get("lr_scale", 1)
    assert said(lambda: attach(optimizer, PLAN, RUN)) == []
    assert [group["lr"] for group in optimizer.param_groups] == [0.1, 0.5, 1.0]


class Reads(torch.optim.SGD):
    def step(self, closure=None):
        for group in self.param_groups:
            group["lr"] * group["lr_scale"]
        super().step(closure)


def test_scales_that_somebody_reads_are_left_in_peace():
    def story():
        attach(layered(1.0, 1.0), PLAN, RUN)
        attach(layered(0.1, 1.0), {"weight_decay": 0.1}, RUN)
        attach(layered(0.1, 1.0), {"lr": PLAN, "lr_scale": Linear(1, 0)}, RUN)
        attach(layered(0.1, 1.0), [(lambda group: group["lr_scale"] < 1, 0.5), (bool, base)], RUN)
        attach(layered(0.1, 1.0), by_group({"head": 0.5}, others=base), RUN)
        attach(Reads([{"params": [weight()], "lr_scale": 0.5}], lr=1.0), PLAN, RUN)

    assert said(story) == []


@pytest.mark.parametrize("name", ["lr", "weight_decay", "momentum"])
def test_a_value_that_is_called_as_a_field_is_refused(name):
    optimizer = sgd(momentum=0.9)
    with pytest.raises(PassoError) as caught:
        attach(optimizer, Linear(1.0, 0.0), RUN, values={name: 0.5})
    assert str(caught.value) == (
        f"{name!r} in values= is a field of the param groups; write it into the plan, "
        f'{{{name!r}: ...}}, or give the value a name of its own such as "my_{name}"'
    )
    assert not optimizer._optimizer_step_post_hooks
    scheduler = attach(optimizer, Linear(1.0, 0.0), RUN, values={f"my_{name}": 0.5})
    assert scheduler[f"my_{name}"] == 0.5
