"""What the doctor, and a picture, make of a run that was ended on demand, or branched."""

from __future__ import annotations

import pytest

from passo import Constant, Plateau, Run, attach, base, steps
from passo.doctor import diagnose
from passo.doctor.planned import planned
from passo.optim import Recorder
from tests.optim.tools import sgd, update

RUN = Run(steps(1000))


def recorded(story):
    """The trace that the doctor's recorder keeps of a story."""
    with Recorder() as recorder:
        story()
    (trace,) = (each for each in recorder.traces() if each.updates)
    return trace


def ended(updates, plan=Constant(0.1), run=RUN):
    """A run that is told after 60 updates to cool down, and makes so many more."""

    def story():
        optimizer = sgd()
        scheduler = attach(optimizer, plan, run)
        update(optimizer, 30)
        scheduler.report(loss=1.0)
        scheduler.report(loss=1.0)
        update(optimizer, 30)
        scheduler.cool_down(over=steps(40))
        update(optimizer, updates)
        scheduler.promises.settle("ended")
        scheduler.detach()

    return recorded(story)


def codes(trace):
    return [each.code for each in diagnose(trace)]


@pytest.mark.parametrize("run", [None, RUN], ids=["no run", "a longer run"])
def test_a_run_that_ends_with_its_cooldown_has_nothing_wrong(run):
    assert codes(ended(40, run=run)) == []


def test_a_run_that_stops_in_the_midst_of_its_cooldown_ended_early():
    (found,) = diagnose(ended(20))
    assert found.code == "P007"
    assert found.seen.startswith("the run ended at 80.0% of the plan (80 of 100)")


@pytest.mark.parametrize("plan", [Constant(0.1), base * Plateau("loss", patience=0, factor=0.5)])
def test_what_was_planned_is_the_trunk_and_then_the_cooldown_to_its_end(plan):
    trace = ended(40, plan)
    (line,) = planned(trace)
    seen = dict(zip(line.updates, line.values, strict=True))
    top = trace.used("lr")[1][59]
    assert (seen[60.0], seen[100.0], line.updates[-1]) == (top, 0.0, 100.0)
    for update_, value in zip(*trace.used("lr"), strict=True):
        if float(update_) in seen:
            assert seen[float(update_)] == value


def test_a_branch_that_ends_with_its_cooldown_has_nothing_wrong():
    branch = Constant(0.1).cooldown(steps(60), steps(40))

    def story(made):
        def act():
            optimizer = sgd()
            scheduler = attach(optimizer, branch, RUN)
            update(optimizer, made)
            scheduler.promises.settle("ended")
            scheduler.detach()

        return act

    assert codes(recorded(story(100))) == []
    assert codes(recorded(story(70))) == ["P007"]
