"""What schedules, recipes, text and reports advise; spans and runs are in `time`."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

import passo
from passo import (
    Cosine,
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
from passo.cli import app
from passo.schedules.analysis import distance
from passo.schedules.from_torch import twin
from tests.advice.table import Table, Told
from tests.optim.tools import sgd

RUN = Run(steps(100), steps_per_epoch=10, tokens_per_step=4)
LINE, LONG = Linear(0, 1, steps(10)), Linear(0, 1, steps(20))
WORLD = {"L": LINE, "LONG": LONG, "catalogue": passo.catalogue}
tried = Table(**WORLD, run=RUN, distance=distance, numpy=np, t=[0, 5])


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


@tried("factor={} rises, and needs a ceiling to rise to; write {}")
def a_rise_has_a_ceiling(told: Told) -> None:
    (made,) = told("Plateau('x', factor=2)").put("@")
    assert made.after(9) == 8.0


@tried("floor is for a factor below 1, and {} rises; write ceiling=8")
def a_rise_has_no_floor(told: Told) -> None:
    (made,) = told("Plateau('x', factor=2, floor=0.1)").put("Plateau('x', factor=2, @)")
    assert made.after(9) == 8.0


@tried("ceiling is for a factor above 1, and {} falls; write floor=0.01")
def a_fall_has_no_ceiling(told: Told) -> None:
    (made,) = told("Plateau('x', ceiling=8)").put("Plateau('x', @)")
    assert made.after(9) == 0.01


# -- recipes


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


@tried("count must be a power of two, got {}; write {} or {}")
def chebyshev_counts_in_powers_of_two(told: Told) -> None:
    made = told("chebyshev(count=12)").put("chebyshev(count=@)")
    assert [each.length().amount for each in made] == [8, 16]


@tried('shape="geometric" needs a floor above 0; write floor=0.1 * base')
def equal_ratios_need_a_floor(told: Told) -> None:
    text = told("wsd(shape='geometric')")
    (made,) = text.put("wsd(shape='geometric', @).on(run).with_base(1.0)")
    assert made(90) == pytest.approx(0.1**0.5)


# -- the catalogue


@tried('a schedule is looked up by its name, such as "SGDR", got {}')
def an_entry_has_a_name(told: Told) -> None:
    name = told("catalogue.find(3)").quoted(r'such as "(.*?)"')
    assert [each.name for each in passo.catalogue.find(name)] == ["warm restarts"]


@tried('a word is searched for, such as "restart", got {}')
def an_entry_is_searched_by_a_word(told: Told) -> None:
    for given in ("3", "' '"):
        word = told(f"catalogue.search({given})").quoted(r'such as "(.*?)"')
        assert len(passo.catalogue.search(word)) > 4


@tried("{} may be any of {}; write catalogue.find({}) for all of them")
def a_name_of_several_is_found_as_several(told: Told) -> None:
    (found,) = told("catalogue.named('CyclicLR')").put("@")
    assert len(found) > 3


@tried("; write passo list --search WORD")
def a_name_of_nobody_is_searched(told: Told) -> None:
    line = told("catalogue.find('banana')").quoted(r"write passo (.*)$")
    done = CliRunner().invoke(app, line.replace("WORD", "restart").split())
    assert "warm restarts" in done.output


# -- text


@tried("{} is {}, not a schedule; write {}")
def a_span_as_text_is_how_long_a_schedule_lasts(told: Told) -> None:
    assert told("parse('steps(5)')").put("parse('@')(2.5)") == [0.05]
    assert told("parse('[1]')").put("parse('@')(3)") == [0.1]


@tried("numbers, spans, shapes, recipes, base, + - * / and methods such as .then")
def text_is_made_of_what_is_named(told: Told) -> None:
    told("parse('base.then')").words("numbers, spans, shapes, recipes, base, + - * /", ".then")
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
