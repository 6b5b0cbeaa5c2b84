"""What the doctor says of loops of trainers that the usual tests do not install, unmodified."""

from __future__ import annotations

import pytest

from tests.corpus.loops import LOOPS, expected, found, needs

ALONE = {"fastai", "skorch"}  # trainers that `make test-trainers` installs
HERE = [loop for loop in LOOPS if ALONE.intersection(needs(loop))]


@pytest.mark.parametrize("loop", HERE)
def test_a_loop_raises_exactly_its_codes(loop):
    for library in needs(loop):
        pytest.importorskip(library, reason=f"{library} is not installed")
    assert found(loop) == expected(loop)


def test_each_of_these_trainers_has_a_wrong_loop_and_right_ones():
    for name in ALONE:
        theirs = [loop for loop in HERE if name in needs(loop)]
        assert sorted(loop.partition("/")[0] for loop in theirs) == ["right", "right", "wrong"]
