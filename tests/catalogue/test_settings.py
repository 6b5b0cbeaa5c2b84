"""Every schedule of every library is compared at five settings or more, somewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from passo import Run, Schedule, parse, steps
from passo.catalogue.like.registry import LIBRARIES
from tests.catalogue import recorded, settings

RUN = Run(steps(10_000), steps_per_epoch=1)
TESTS = Path(__file__).parent.parent
ANEW = "where make test-peers is green, write python -m tests.catalogue.recorded"
RECORDED = json.loads(recorded.FILE.read_text("utf-8"))
NO_CHOICE = {"constant", "none"}  # schedules that take nothing


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_schedule_has_five_settings(library):
    methods = LIBRARIES[library].methods
    rows = settings.of(library)
    assert set(rows) == {method.names[0] for method in methods}
    few = [name for name, given in rows.items() if len(given) < (1 if name in NO_CHOICE else 5)]
    assert few == [], "fewer than five settings"


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_library_has_a_test_beside_it_or_its_formulas(library):
    there = [TESTS / f"peers/test_{library}.py", TESTS / f"catalogue/test_{library}.py"]
    assert any(each.is_file() for each in there)


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_answer_is_an_expression_that_reads_back(library):
    for name, given in settings.cases(library):
        for past in ("theirs", "hold"):
            plan = settings.ours(library, name, given, past)
            for each in plan.values() if isinstance(plan, dict) else [plan]:
                assert isinstance(each, Schedule)
                assert parse(repr(each)) == each


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_is_held_is_theirs_up_to_its_end_and_stays_there(library):
    for name, given in settings.cases(library):
        theirs, held = (settings.ours(library, name, given, past) for past in ("theirs", "hold"))
        if theirs == held or held.length() is None:
            continue
        theirs, held = (each.with_base(0.1).on(RUN) for each in (theirs, held))
        end = float(held.length().amount)
        for k in range(40):  # at its end theirs may begin anew
            assert held(end * k / 40) == pytest.approx(theirs(end * k / 40), rel=1e-12, abs=1e-15)
        assert held(end) == held(end + 1) == held(10 * end)


@pytest.mark.parametrize("library", LIBRARIES)
def test_each_answer_has_the_values_that_were_held_to_the_library(library):
    before = {name: rows for name, rows in RECORDED.items() if name.startswith(f"{library}.")}
    for name, rows in recorded.found(library).items():
        assert len(before.get(name, ())) == len(rows), f"{name}: {ANEW}"
        for k, (values, theirs) in enumerate(zip(rows, before[name], strict=True)):
            assert values == pytest.approx(theirs, rel=1e-9, abs=1e-12), f"{name}, {k}: {ANEW}"
