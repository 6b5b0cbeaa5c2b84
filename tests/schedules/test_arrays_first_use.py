"""The first array that a process ever shows to passo may come inside a compiled function."""

from __future__ import annotations

from tests.torches import no_schedule_inside
from tests.warm import python

SCRIPT = """
import warnings
warnings.simplefilter("error")
import torch
from passo import Cosine, steps
restarts = Cosine(1, 0, steps(10)).repeat(grow=2)
compiled = torch.compile(lambda t: restarts(t), fullgraph=True, backend="aot_eager")
t = torch.arange(50, dtype=torch.float64)
print(torch.equal(compiled(t), restarts(t)))
"""


@no_schedule_inside
def test_the_first_array_of_a_process_may_come_inside_a_compiled_function():
    done = python("-c", SCRIPT)
    assert (done.returncode, done.stdout.strip()) == (0, "True"), done.stderr
