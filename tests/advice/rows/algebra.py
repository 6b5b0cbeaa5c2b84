"""What is advised where schedules are put together."""

from __future__ import annotations

import numpy as np
import pytest

from passo import (
    Constant,
    Exponential,
    Linear,
    PassoError,
    Run,
    base,
    parse,
    steps,
)
from passo.schedules.analysis import distance
from tests.advice.table import Table, Told

RUN = Run(steps(100), steps_per_epoch=10, tokens_per_step=4)
LINE, LONG = Linear(0, 1, steps(10)), Linear(0, 1, steps(20))
tried = Table(L=LINE, LONG=LONG, run=RUN, distance=distance)


@tried("; write Constant({})")
def a_number_in_a_sequence_is_a_constant(told: Told) -> None:
    for number in ("5", "-0.1", "1e300"):
        (made,) = told(f"L.then({number})").put("L.then(@)")
        assert made(10) == float(number)
    for none in ("float('nan')", "float('inf')", "10**400", "True", "'a'"):
        with pytest.raises(PassoError) as caught:
            eval(f"L.then({none})", dict(tried.world))
        assert "write" not in str(caught.value)
    assert told("parse('1e-3')").put("parse('@')(3)") == [0.001]
    with pytest.raises(PassoError, match=r"^'1e999' is a number, not a schedule$"):
        parse("1e999")


@tried(
    "'rest' would be {} {} on {}: the other parts are longer than the run; shorten them or write "
    "a longer run"
)
def parts_fit_into_the_run(told: Told) -> None:
    case = "Linear(0, 1, steps({})).then(Constant(1, rest), L).on(Run(steps({})))(95)"
    text = told(case.format(95, 100))
    missing = -int(text.quoted(r"'rest' would be (-\d+) steps"))
    text.words("shorten them", "write a longer run")
    assert eval(case.format(95 - missing, 100), dict(tried.world)) == 0.5
    assert eval(case.format(95, 100 + missing), dict(tried.world)) == 0.0


@tried(
    "the parts of {} must be equally long or endless, got {} in {}; write .until(...), or give "
    "the shorter one .then(Constant(...)) to its end"
)
def parts_side_by_side_are_equally_long(told: Told) -> None:
    text = told("L * LONG")
    text.words(".until(...)", "give the shorter one .then(Constant(...))")
    assert (LINE * LONG.until(steps(10)))(5) == 0.5 * 0.25
    assert (LINE.then(Constant(1)) * LONG)(15) == 0.75
    for sign in ("+", ".minimum", ".maximum"):
        said = told(f"L {sign} LONG" if sign == "+" else f"L{sign}(LONG)")
        said.words(f"the parts of {sign} must")


@tried(
    "a schedule may be at most {} deep; join the parts in one then(...), or use repeat or a Table"
)
def what_nests_is_written_flat(told: Told) -> None:
    def nested() -> object:
        made = LINE
        for _ in range(300):
            made = made.then(LINE).stretch(1.01).clip(0, 1)
        return made

    told(nested).words("one then(...)", "repeat", "a Table")
    parts = [LINE.stretch(1.01).clip(0, 1) for _ in range(300)]
    flat = parts[0].then(*parts[1:])
    assert flat(5.05) == LINE.stretch(1.01).clip(0, 1).repeat(300)(5.05) == 0.5


@tried("a schedule may have at most {} parts in all, got {}; use repeat or a Table")
def what_has_many_parts_is_repeated(told: Told) -> None:
    told(lambda: _doubled(16)).words("use repeat or a Table")
    assert (LINE.then(LONG)).repeat(2**16)(30 * 2**15 + 5) == 0.5


def _doubled(times: int) -> object:
    made = LINE.then(LONG)
    for k in range(times):
        made = (made + Constant(k)).then(made.clip(0, k + 1))
    return made


@tried("then joins 1 to {} parts, got {}; write a Table, or use repeat")
def a_long_sequence_is_a_table_or_repeats(told: Told) -> None:
    told("L.then(*[L] * 5000)").words("write a Table, or use repeat")
    assert LINE.repeat(5001)(50_005) == 0.5
    table = eval("Table([(steps(10 * k), float(k)) for k in range(5001)])", dict(tried.world))
    assert table(50_000) == 5000.0


@tried("{} never ends, so {} would never begin; give it an end with .until(...) or over=")
def what_never_ends_gets_an_end(told: Told) -> None:
    told("Constant(1).then(L)").words(".until(...)", "over=")
    assert Constant(1).until(steps(5)).then(LINE)(10) == 0.5
    assert Constant(1, over=steps(5)).then(LINE)(10) == 0.5


@tried("repeat({}, grow={}) is too long to be measured; write fewer times")
def a_growing_repeat_is_made_fewer_times(told: Told) -> None:
    told("L.repeat(10**6, grow=1.5)").words("fewer times")
    assert LINE.repeat(20, grow=1.5)(5) == 0.5


@tried("grow={} makes more than a million cycles; write grow=1")
def a_repeat_that_hardly_grows_does_not(told: Told) -> None:
    assert told("L.repeat(grow=1.0000001)(3)").put("L.repeat(@)(15)") == [0.5]


@tried("repeat with grow={} needs times=...: for ever, its cycles would become infinitely short")
def a_shrinking_repeat_has_an_end(told: Told) -> None:
    told("L.repeat(grow=0.5)").words("times=...")
    assert LINE.repeat(times=3, grow=0.5)(12.5) == 0.5


@tried("{} never ends, so it cannot be repeated; give it .until(...)")
def what_is_repeated_has_an_end(told: Told) -> None:
    told("Exponential(1, 0.5).repeat()").words(".until(...)")
    assert Exponential(1, 0.5).until(steps(2)).repeat()(3) == 0.5


@tried("repeat needs times=...: {} is as long as 'rest'")
def what_fills_the_run_is_repeated_so_many_times(told: Told) -> None:
    told("Linear(0, 1).repeat()").words("times=...")
    assert Linear(0, 1).repeat(times=2).on(RUN)(75) == 0.5


@tried("a plateau cannot be inside repeat; write schedule.repeat(...) * Plateau(...)")
def a_plateau_stands_beside_a_repeat(told: Told) -> None:
    text = told("(schedule * Plateau('x')).repeat(2)", schedule=LINE)
    (made,) = text.put("@", fill=("2", "'x'"))
    assert made.on(RUN)(15) == 0.5


@tried(
    "one schedule is relative to base and the other is not; write .with_base(0.1) to compare them"
)
def what_is_relative_is_compared_with_a_base(told: Told) -> None:
    text = told("distance(one, Constant(0.1), run)", one=base * Constant(1))
    code = text.quoted(r"write (\.with_base\(0\.1\))")
    assert (
        eval(f"distance(one{code}, Constant(0.1), run).distance", {**tried.world, "one": base}) == 0
    )


@tried("a schedule is divided by a number, got {}; write a * b.power(-1)")
def a_schedule_is_divided_by_another_as_a_power(told: Told) -> None:
    values = [each(5) for each in told("L / (L + 1)", a=LINE, b=LINE + 1).put("@")]
    assert values == [0.5 / 1.5]


@tried("a number is not divided by a schedule; write {} * a.power(-1)")
def a_number_is_divided_by_a_schedule_as_a_power(told: Told) -> None:
    assert [each(10) for each in told("3 / (L + 1)", a=LINE + 1).put("@")] == [1.5]


@tried("{} has no power {}, and {} is that there; write .maximum(0) before .power({})")
def a_root_of_what_is_below_0_is_that_of_0(told: Told) -> None:
    told("(L - 1).power(0.5)(0)").words(".maximum(0) before .power(0.5)")
    assert (LINE - 1).maximum(0).power(0.5)(0) == 0


@tried("0 has no power {}, and {} is 0 there; write .maximum(1e-8) before .power({})")
def a_power_below_0_is_of_something_above_0(told: Told) -> None:
    told("L.power(-1)(0)").words(".maximum(1e-8) before .power(-1)")
    assert LINE.maximum(1e-8).power(-1)(0) == 1e8


@tried("to must be more than 0, got {}; write round(8) for multiples of 8")
def a_multiple_is_of_a_number_above_0(told: Told) -> None:
    for given in ("0", "-8"):
        told(f"(100 * L).round({given})").words("round(8) for multiples of 8")
    assert (100 * LINE).round(8)(5) == 48


@tried("the other side of {} must be a number or a schedule, got {}; write {}")
def a_number_or_a_schedule_stands_beside_a_schedule(told: Told) -> None:
    for sign in "+-*/":
        (made,) = told(f"L {sign} 'a'", schedule=LINE).put("@")
        assert made(10) == eval(f"1.0 {sign} 0.1")
    (made,) = told("L * array", array=np.arange(3.0), schedule=LINE, t=5).put("@")
    assert list(made) == [0.0, 0.5, 1.0]


@tried("a schedule is raised by .power, got ** {}; write a.power({})")
def a_schedule_is_raised_by_power(told: Told) -> None:
    assert [each(5) for each in told("L ** 2", a=LINE).put("@")] == [0.25]
    assert [each(10) for each in told("L ** 'a'", a=LINE).put("@")] == [1.0]


@tried("write .power(0.5)", "write .round(8)")
def an_exponent_and_a_multiple_are_numbers(told: Told) -> None:
    case = "L.power('a')" if "power" in told.template else "(100 * L).round('a')"
    code = told(case).quoted(r"write (\..*\))")
    assert eval(f"(100 * L){code}", {**tried.world})(5) in (50**0.5, 48)


METHODS = {
    "schedule.on(Run(steps(1000)))": lambda made: made(10) == 1,
    "schedule.with_base(0.1)": lambda made: made == LINE,
    'schedule.with_reports([(10, {"val_loss": 0.3})])': lambda made: made == LINE,
    "schedule.minimum(0.1)": lambda made: made(10) == 0.1,
    "schedule.maximum(0.1)": lambda made: made(0) == 0.1,
    "schedule.clip(low=0.1)": lambda made: made(0) == 0.1,
    "schedule.power(0.5)": lambda made: made(10) == 1,
    "schedule.round(8)": lambda made: made(10) == 0,
    "schedule.cooldown(at=steps(900), over=steps(100))": lambda made: made(1000) == 0,
    "schedule.repeat(3)": lambda made: made(25) == 0.5,
    "schedule.stretch(2)": lambda made: made(10) == 0.5,
    "schedule.skip(steps(1))": lambda made: made(0) == 0.1,
    "schedule.until(steps(100))": lambda made: made(10) == 1,
    "schedule.staircase(steps(100))": lambda made: made(9) == 0,
    "schedule.curve(Run(steps(1000)))": lambda made: made.values[-1] == 1,
}


@tried(*METHODS)
def a_method_that_is_called_wrongly_shows_a_right_call(told: Told) -> None:
    schedule = LINE.then(Constant(1)) if "(Run" in told.template else LINE
    schedule = LINE.then(Constant(1)) if "cooldown" in told.template else schedule
    schedule = LINE.then(Constant(1)) if "until" in told.template else schedule
    name = told.template.removeprefix("schedule.").partition("(")[0]
    text = told(f"schedule.{name}(wrong=1)", schedule=schedule)
    (made,) = text.put("@", fill=())
    assert METHODS[told.template](made)
