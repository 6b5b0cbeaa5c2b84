"""What schedules, recipes, text and reports advise; spans and runs are in `time`."""

from __future__ import annotations

import numpy as np
import pytest

import passo
from passo import (
    Constant,
    Cosine,
    Exponential,
    Linear,
    PassoError,
    Plateau,
    Run,
    base,
    epochs,
    multistep_decay,
    parse,
    register,
    steps,
    tokens,
)
from passo.schedules.analysis import distance
from passo.schedules.from_torch import twin
from tests.advice.table import Table, Told
from tests.optim.tools import sgd

RUN = Run(steps(100), steps_per_epoch=10, tokens_per_step=4)
LINE, LONG = Linear(0, 1, steps(10)), Linear(0, 1, steps(20))
tried = Table(L=LINE, LONG=LONG, run=RUN, distance=distance, numpy=np, t=[0, 5])


def half(_t: float) -> float:
    return 0.5


# -- values


@tried("; write numpy.asarray(t)")
def times_in_a_list_are_an_array(told: Told) -> None:
    (values,) = told("L(t)").put("L(@)")
    assert values.tolist() == [0.0, 0.5]
    (values,) = told("L(t)", t=()).put("L(@)")
    assert values.tolist() == []


@tried("{} needs a run; write schedule.on(Run(...)) first")
def rest_is_measured_on_a_run(told: Told) -> None:
    text = told("schedule(50)", schedule=Linear(0, 1))
    assert text.put("(@)(50)", fill="steps(100)") == [0.5]


@tried("{} are in different units; write schedule.on(Run(...)) first")
def two_units_are_measured_on_a_run(told: Told) -> None:
    text = told("schedule(3)", schedule=LINE.then(Linear(1, 0, tokens(40))))
    assert text.put("(@)(15)", fill="steps(100), tokens_per_step=4") == [0.5]


@tried("'base' has no value yet; write schedule.with_base(0.1)")
def base_gets_a_number(told: Told) -> None:
    assert told("schedule(3)", schedule=2 * base).put("@(3)") == [0.2]


@tried("a schedule is placed on a Run, got {}; write Run(steps(1000))")
def a_schedule_is_placed_on_a_run(told: Told) -> None:
    for given in ("1000", "steps(1000)", "None"):
        assert told(f"Linear(0, 1).on({given})").put("Linear(0, 1).on(@)(500)") == [0.5]


# -- the algebra


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


# -- shapes


@tried("; write 1e-3 * {} for the zero")
def a_ratio_needs_two_ends(told: Told) -> None:
    for ends, hole in (("0, 1", "@, 1"), ("-2, 0", "-2, @")):
        (made,) = told(f"Geometric({ends}, steps(10))").put(f"Geometric({hole}, steps(10))")
        assert abs(made(10) / made(0)) == pytest.approx(1000 if ends == "0, 1" else 0.001)
    with pytest.raises(PassoError, match=r"end=5e-324$"):
        eval("Geometric(0, 5e-324)", dict(tried.world))


@tried("a Table needs at least one point; write Table([(steps(0), 0.1)])")
def a_table_has_a_point(told: Told) -> None:
    assert told("Table([])").put("@(3)", Table=eval("Table", dict(tried.world))) == [0.1]


@tried('a function is registered under a name such as "my-curve", got {}')
def a_function_has_a_name(told: Told) -> None:
    name = told("register('')").quoted(r'such as "(.*?)"')
    assert register(name)(half) is half
    assert eval(f"Function({name!r})", dict(tried.world))(3) == 0.5


@tried("no function is registered as {}; write @passo.register({}) above it first{}")
def a_function_is_registered_before_it_is_named(told: Told) -> None:
    for name in ("half-of-the-advice", "h" * 100, "it's"):
        text = told(f"Function({name!r})")
        decorator = text.quoted(r"write @(passo\.register\(.*\)) above")
        exec(f"import passo\n@{decorator}\ndef half(t): return 0.5\n", {"name": name})
        assert eval(f"Function({name!r})", dict(tried.world))(3) == 0.5


@tried("{} is already registered for another function; choose another name")
def a_name_is_taken_once(told: Told) -> None:
    register("taken-of-the-advice")(half)
    told("register('taken-of-the-advice')(lambda t: t)").words("choose another name")
    register("another-of-the-advice")(lambda t: t)
    assert eval("Function('another-of-the-advice')(3)", dict(tried.world)) == 3


@tried('metric must be the name of a report such as "val_loss", got {}')
def a_plateau_watches_a_name(told: Told) -> None:
    name = told("Plateau(0.1)").quoted(r"such as (\".*?\")")
    assert eval(f"(base * Plateau({name})).with_base(0.1)", dict(tried.world))(3) == 0.1


# -- recipes


@tried("warmup_cosine(peak=3e-4, warmup=percent(5))")
def a_recipe_that_is_called_wrongly(told: Told) -> None:
    (made,) = told("warmup_cosine(peek=3e-4)").put("@", verb="write")
    assert made.on(RUN)(5) == 3e-4


@tried('gamma={} has no meaning in mode {}; write mode="exp_range"')
def a_gamma_belongs_to_a_mode(told: Told) -> None:
    (made,) = told("cyclic(0.1, gamma=0.5)").put("cyclic(0.1, gamma=0.5, @)")
    assert made.with_base(0.2)(2000) == pytest.approx(0.1)


@tried("milestones must be a list of spans, got {}; write [{}]")
def milestones_are_a_list(told: Told) -> None:
    for given in ("steps(3)", "30", "'30'"):
        (made,) = told(f"multistep_decay({given})").put("multistep_decay(@).with_base(1.0)")
        assert made == multistep_decay([steps(3) if "(" in given else epochs(30)]).with_base(1.0)


@tried("multistep_decay needs at least one milestone; write [epochs(30), epochs(60)]")
def milestones_are_some(told: Told) -> None:
    (made,) = told("multistep_decay([])").put("multistep_decay(@).with_base(1.0)")
    assert made.on(Run(steps(100), steps_per_epoch=1))(70) == pytest.approx(0.01)


@tried("noam's peak depends on its warmup in steps, got {}; write steps(4000)")
def noam_is_counted_in_steps(told: Told) -> None:
    for given in ("epochs(1)", "percent(5)"):
        (made,) = told(f"noam(256, warmup={given})").put("noam(256, warmup=@)")
        assert made(4000) == pytest.approx(256**-0.5 * 4000**-0.5)


# -- text


@tried("{} is {}, not a schedule; write {}")
def a_span_as_text_is_how_long_a_schedule_lasts(told: Told) -> None:
    assert told("parse('steps(5)')").put("parse('@')(2.5)") == [0.05]
    assert told("parse('[1]')").put("parse('@')(3)") == [0.1]


@tried("only numbers take a sign, got {}; write -1 * ... for a schedule")
def a_schedule_is_turned_by_a_factor(told: Told) -> None:
    code = told("parse('-base')").quoted(r"write (-1 \* \.\.\.)").replace("...", "base")
    assert parse(code).with_base(0.5)(3) == -0.5


@tried("numbers, spans, shapes, recipes, base, + and *, and methods such as .then")
def text_is_made_of_what_is_named(told: Told) -> None:
    told("parse('base.then')").words("numbers, spans, shapes, recipes, base, + and *", ".then")
    made = parse("(2 * base).until(steps(5)).then(cosine_decay() + Constant(1))")
    assert made.on(RUN).with_base(0.5)(3) == 1.0


@tried("; did you mean {}?")
def a_name_that_is_close_is_offered(told: Told) -> None:
    name = told("parse('cosine_deca()')").quoted(r"did you mean '(\w+)'\?")
    assert parse(f"{name}()") == parse("cosine_decay()")
    name = told("parse('base.untill(steps(5))')").quoted(r"did you mean '(\w+)'\?")
    assert parse(f"base.{name}(steps(5))").with_base(1.0)(3) == 1.0


# -- reports


@tried("a metric must be below 1.8e308, got {}; write float('{}inf')")
def a_metric_beyond_all_floats_is_infinite(told: Told) -> None:
    case = "(base * Plateau('x', patience=0, mode='{}')).with_base(1.0).with_reports({})(3)"
    for number, mode in (("10**400", "max"), ("-10**400", "min")):
        past = "[(1, {'x': %s}), (2, {'x': 0.0})]"
        text = told(case.format(mode, past % number))
        # what follows is no better than the infinity that was meant
        assert text.put(case.format(mode, past % "@")) == [0.1]


@tried('a report is a pair such as (10, {"val_loss": 0.3}), got {}')
def a_report_is_a_pair(told: Told) -> None:
    schedule = (base * Plateau("val_loss", patience=0)).with_base(1.0)
    pair = told("s.with_reports([0.3, 0.4])", s=schedule).quoted(r"such as (\(.*?\}\))")
    assert schedule.with_reports([eval(pair), (20, {"val_loss": 0.4})])(30) == 0.1


@tried('metrics are a mapping such as {"val_loss": 0.3}, got {}')
def metrics_have_names(told: Told) -> None:
    schedule = (base * Plateau("val_loss", patience=0)).with_base(1.0)
    metrics = told("s.with_reports([(10, 0.3)])", s=schedule).quoted(r"such as (\{.*?\})")
    assert schedule.with_reports([(10, eval(metrics)), (20, {"val_loss": 0.4})])(30) == 0.1


# -- what stands beside torch's names


@tried("Tell it with scheduler.report(val_loss=...), as often as you validate.")
def a_plateau_of_torch_is_told(told: Told) -> None:
    found = twin("ReduceLROnPlateau")
    text = told.of(found.remark)
    attach = tried.world["attach"]
    optimizer = sgd()
    scheduler = attach(optimizer, parse(found.expression))
    for _ in range(8):
        text.put("@", verb="with", fill="0.5", scheduler=scheduler)
    assert scheduler.get_last_lr() == [pytest.approx(0.1)]


@tried(
    "Most lambdas are an expression. For one that is not: @passo.register(name), and base * "
    "Function(name). "
)
def a_lambda_is_registered(told: Told) -> None:
    text = told.of(twin("LambdaLR").remark)
    decorator = text.quoted(r"@(passo\.register\(name\))")
    code = text.quoted(r"and (base \* Function\(name\))")
    world = {**tried.world, "passo": passo, "name": "lambda-of-the-advice"}
    eval(decorator, world)(half)
    assert eval(code, world).with_base(1.0)(3) == 0.5


@tried("Write trunk.until(epochs(75)).then(...) to begin it at epoch 75. ")
def an_average_begins_late(told: Told) -> None:
    found = twin("SWALR")
    text = told.of(found.remark)
    (made,) = text.put("@", fill=found.expression, trunk=Cosine(base, 0.1 * base))
    run = Run(steps(100), steps_per_epoch=1)
    trunk = Cosine(base, 0.1 * base, steps(100))
    assert [made.on(run).with_base(1.0)(t) for t in (50, 85)] == [
        pytest.approx(trunk.with_base(1.0)(50), rel=0.5),
        pytest.approx(0.05),
    ]
