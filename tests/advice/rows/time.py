"""What spans and runs advise."""

from __future__ import annotations

import numpy as np
import pytest

from passo import (
    Linear,
    NeedsRun,
    Run,
    epochs,
    percent,
    rest,
    steps,
)
from tests.advice.table import Table, Told

BIG = Run(steps(10**18), steps_per_epoch=1)
RUN = Run(steps(900), steps_per_epoch=10, tokens_per_step=4, samples_per_step=2)
tried = Table(run=RUN, loader=range(391))

# What stands where a span is asked for, and the spans that are offered: each may stand there.
PLACES = ("Linear(0, 1, @)", "step_decay(@)", "multistep_decay([@])", "one_cycle(rise=@)")
GIVEN = {
    "30": [steps(30), epochs(30)],
    "2.5": [steps(2.5), epochs(2.5)],
    "0.05": [percent(5)],
    "1e-18": [percent(1e-16)],
    "10**18": [steps(10**18), epochs(10**18)],
    "numpy.float64(3)": [steps(3), epochs(3)],
}
for odd in ("-3", "10**19", "1e-19", "10**400", "'30 steps'", "None", "True", "float('nan')"):
    GIVEN[odd] = [steps(500)]


@tried("{} must be a span, got {}; write {}")
def a_number_where_a_span_is_asked_for(told: Told) -> None:
    for place in PLACES:
        for given, spans in GIVEN.items():
            text = told(place.replace("@", given), numpy=np)
            assert text.put("@") == spans
            assert all(made.on(BIG) for made in text.put(place))
    assert told("Linear(0, 1, 0)").put("Linear(0, 1, @).on(run)(3)") == [1, 1]
    assert told("step_decay(0)").put("step_decay(@).with_base(1)(3)") == [1]
    for given in ("4000", "0.05", "0"):
        (made,) = told(f"noam(256, warmup={given})").put("noam(256, warmup=@)")
        assert made(600) > 0
    for given in ("1000", "0.5", "0", "'90 epochs'"):
        for code in told(f"Run({given})").code():
            try:
                made = eval(f"Run({code})", dict(tried.world))
            except NeedsRun:
                made = told_of_rates(given, code)
            assert made.updates >= 500


def told_of_rates(given: str, span: str) -> Run:
    """A run of epochs wants one thing more, and its own words say which."""
    with pytest.raises(NeedsRun, match=r"; write Run\(\.\.\., steps_per_epoch=\.\.\.\)$"):
        eval(f"Run({span})", dict(tried.world))
    return eval(f"Run({span}, steps_per_epoch=10)", dict(tried.world))


@tried("{} cannot be rest: it needs a length of its own, such as steps(500)")
def what_is_no_rest_is_a_span(told: Told) -> None:
    for place in ("one_cycle(rise=@)", "step_decay(@)", "warm_restarts(@)", "Run(@)"):
        text = told(place.replace("@", "rest"))
        assert text.put(place, verb="such as")


@tried("rest has no amount of its own, got {}; write rest")
def rest_is_written_alone(told: Told) -> None:
    assert told("Span(5, 'rest')").put("@") == [rest]


@tried(
    "{} {} {} is not a span: only spans of one unit add and subtract, others need a run to "
    "measure them; write steps({})"
)
def two_units_are_measured_on_a_run_before_they_add(told: Told) -> None:
    assert told("epochs(3) + steps(5)").put("@") == [steps(35)]
    assert told("epochs(3) - steps(5)").put("@") == [steps(25)]
    assert told("percent(10) + epochs(1)").put("@") == [steps(100)]


@tried("{} needs the run's {}; write Run(..., {}=...)")
def a_run_says_how_its_units_relate(told: Told) -> None:
    for span in ("epochs(3)", "tokens(30)", "samples(30)"):
        text = told(f"Linear(0, 1, {span}).on(Run(steps(100)))")
        (made,) = text.put("@", fill=("steps(100)", "10"))
        assert Linear(0, 1, eval(span, dict(tried.world))).on(made)(1.5) in (0.05, 0.5)
        assert Run(eval(span, dict(tried.world)), **rates(made)).updates in (3, 30)


def rates(run: Run) -> dict[str, object]:
    """What a run has besides its length."""
    names = ("steps_per_epoch", "samples_per_step", "tokens_per_step")
    return {name: rate for name in names if (rate := getattr(run, name)) is not None}


@tried("batches is how many there are, got {}; write len(loader)")
def the_loader_is_counted(told: Told) -> None:
    (made,) = told("Run.of(loader, epochs=90)").put("Run.of(@, epochs=90)")
    assert made.updates == 35_190


@tried(
    "accumulate={} over {} batches with drop_last_window=True makes no update at all; write "
    "accumulate={} or less"
)
def a_window_is_not_longer_than_an_epoch(told: Told) -> None:
    case = "Run.of(3, epochs=3, {}, drop_last_window=True).updates"
    text = told(case.format("accumulate=4"))
    most = int(text.quoted(r"write accumulate=(\d+) or less"))
    for given in (most, most - 1):
        assert eval(case.format(f"accumulate={given}"), dict(tried.world)) == 3


@tried("Run.of(len(loader), epochs=90)")
def a_run_of_the_usual_loop(told: Told) -> None:
    assert told("Run.of(391, 90)").put("@.updates") == [35_190]


@tried("Run.of(len(loader), epochs=90), or Run(steps(35_190))")
def a_run_is_written_in_two_ways(told: Told) -> None:
    assert told("Run(391, 90)").put("@.updates") == [35_190, 35_190]
