"""The right loops of passo, and the loops of its first pages, run with its warnings as errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.loops import LOOPS, needs
from tests.warm import python

ROOT = Path(__file__).parents[2]
PASSO = "\nfrom passo import "
RIGHT = [
    name
    for name, path in LOOPS.items()
    if name.startswith("right/") and PASSO in path.read_text("utf-8")
]
ALONE = """
import runpy, sys, warnings
from passo import PassoWarning
warnings.simplefilter("ignore")
warnings.simplefilter("error", PassoWarning)
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def test_there_are_such_loops():
    assert len(RIGHT) >= 6


@pytest.mark.parametrize("loop", RIGHT)
def test_a_right_loop_hears_no_word_to_the_very_end_of_its_process(loop):
    for library in needs(loop):
        pytest.importorskip(library, reason=f"{library} is not installed")
    done = python("-c", ALONE, str(LOOPS[loop]), cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
