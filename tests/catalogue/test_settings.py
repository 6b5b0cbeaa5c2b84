"""Every schedule of every library is compared at five settings or more, somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from passo import Schedule, parse
from passo.catalogue.like.library import LIBRARIES
from tests.catalogue import settings

TESTS = Path(__file__).parent.parent
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
