"""Every refusal, word for word: `errors/` holds what is written and, below it, what is said."""

from __future__ import annotations

import inspect
import re
from fractions import Fraction
from pathlib import Path

import pytest

import passo
from passo import Linear, NeedsBase, NeedsRun, PassoError, PassoWarning, Run, steps
from passo.schedules import algebra, recipes, shapes
from tests.schedules.leaves import WAVE
from tests.strategies import HEARING

FOLDER = Path(__file__).parent / "errors"
KINDS = {kind.__name__: kind for kind in (PassoError, NeedsRun, NeedsBase)}
WORLD = {
    **{name: getattr(passo, name) for name in passo.schedules.__all__},
    **{name: getattr(algebra, name) for name in algebra.__all__},
    "L": Linear(0, 1, steps(10)),
    "Fraction": Fraction,
    "run": Run(steps(100)),
}


def cases():
    """(code, kind, text) for each entry of the folder."""
    for page in sorted(FOLDER.glob("*.txt")):
        code, said = "", []
        for line in [*page.read_text("utf-8").splitlines(), "end"]:
            if line.startswith(" "):
                said.append(line.strip())
            elif not line.startswith("#"):
                if said:
                    yield pytest.param(code, *_kind(" ".join(said)), id=code)
                code, said = line, []


def _kind(text):
    named = re.match(r"(Needs\w+): ", text)
    return (KINDS[named[1]], text[named.end() :]) if named else (PassoError, text)


CASES = list(cases())


@pytest.mark.parametrize(("code", "kind", "text"), CASES)
def test_it_is_refused_in_these_words(code, kind, text):
    with pytest.raises(PassoError) as caught:
        eval(code, dict(WORLD))
    assert str(caught.value) == text
    assert type(caught.value) is kind


@pytest.mark.parametrize(("code", "kind", "text"), CASES)
def test_its_words_are_short_and_in_the_house_style(code, kind, text):
    assert len(text) < 320
    assert not text.endswith(".") or text.endswith("...")
    assert not re.search(r"0x[0-9a-f]{6}|object has no attribute|NoneType", text)
    assert re.search(
        r"got|write|needs|would|never|cannot|different|beyond|at most|no length|choose", text
    )


def test_every_page_of_errors_is_read():
    assert len(list(FOLDER.glob("*.txt"))) == 4
    assert len(CASES) > 200


def test_every_error_is_a_value_error_and_every_warning_a_user_warning():
    assert issubclass(PassoError, ValueError)
    assert issubclass(NeedsRun, PassoError)
    assert issubclass(NeedsBase, PassoError)
    assert issubclass(PassoWarning, UserWarning)


@pytest.mark.parametrize("sign", [1, -1, Fraction(1, 3)])
@pytest.mark.parametrize("digits", [400, 5000])
@pytest.mark.parametrize(
    "make",
    [
        steps,
        passo.percent,
        passo.Constant,
        lambda x: Linear(0, x),
        WORLD["L"],
        WORLD["L"].repeat,
        lambda x: WORLD["L"].repeat(2, grow=x),
        lambda x: WORLD["L"].repeat(2, scale=x),
        WORLD["L"].stretch,
        lambda x: steps(1) * x,
        passo.base.with_base,
        lambda x: passo.noam(x, warmup=steps(5)),
        lambda x: Run(steps(5), tokens_per_step=x),
        lambda x: Run.of(x, epochs=3),
        lambda x: passo.Plateau("x", patience=x, factor=x),
        lambda x: passo.Plateau("x").with_reports([(x, {"x": 1})]),
    ],
)
def test_numbers_of_thousands_of_digits_are_refused_briefly(make, sign, digits):
    with pytest.raises(PassoError) as caught:
        make(sign * 10**digits)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("wrong", [None, "a", [1], {}, object(), 1j, b"1", True, ()])
@pytest.mark.parametrize("name", sorted([*recipes.__all__, *shapes.__all__]))
def test_a_wrong_type_anywhere_is_a_passo_error(name, wrong):
    make = getattr(passo, name)
    names = list(inspect.signature(make).parameters)
    for at in range(len(names)):
        given = {names[k]: _right(names[k], name) for k in range(at)}
        if not _may_be(name, names[at], wrong):
            needed = _needed(make, names[at + 1 :], name)
            with pytest.raises(PassoError):
                _used(make(**given, **{names[at]: wrong}, **needed))


def _used(made):
    return made.on(Run(steps(100))).with_base(1.0)(3)


def _may_be(name, parameter, wrong):
    free = {
        ("cyclic", "fall"),
        ("cyclic_momentum", "fall"),
        ("one_cycle", "fall"),
        ("one_cycle_momentum", "fall"),
        ("Constant", "over"),
        ("Function", "over"),
        ("Plateau", "ceiling"),
    }
    if name in HEARING and (parameter, wrong) in (("metric", "a"), ("past", ())):
        return True
    return wrong is None and (name, parameter) in free


def _needed(make, names, owner):
    empty = inspect.Parameter.empty
    known = inspect.signature(make).parameters
    return {n: _right(n, owner) for n in names if known[n].default is empty}


def _right(parameter, owner):
    spans = ("over", "every", "scale", "warmup", "rise", "fall", "first", "cooldown")
    if parameter in spans and (parameter, owner) not in (
        ("scale", "noam"),
        ("cooldown", "Plateau"),
        ("cooldown", "Greedy"),
        ("warmup", "Greedy"),
    ):
        return steps(5)
    special = {"points": [(steps(0), 1.0)], "milestones": [steps(3)], "d_model": 8, "phases": 2}
    special |= {"name": "wave of the tests", "kind": "step", "mode": "triangular", "grow": 2}
    special |= {"shape": "linear" if owner == "wsd" else "cosine", "low": 0.5, "high": 1.0}
    special |= {"metric": "loss", "threshold_mode": "rel", "patience": 1, "past": ()}
    if owner in HEARING:
        special |= {"mode": "min", "factor": 0.5, "cooldown": 1, "warmup": 1}
    return WAVE.name if parameter == "name" else special.get(parameter, 1.0)
