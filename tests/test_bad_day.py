"""Wrong things for what is called by hand: each is refused in whole sentences."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
import torch

import passo
from passo import (
    Cosine,
    Exponential,
    Linear,
    PassoError,
    Plateau,
    RampedBatchSampler,
    Run,
    Trace,
    analysis,
    attach,
    like,
    plot,
    steps,
    wsd,
)
from passo.ground.files import replacing
from passo.law import Law, NotPredictable
from passo.law.columns import bound
from passo.optim import lift, translate
from tests.advice.rows.law import LAW, RUN
from tests.optim.tools import sgd, update

LINE = Linear(0.1, 0)
COSINE = Cosine(0.1, 0)


class Silent:
    """Somebody's class, whose repr fails."""

    def __repr__(self) -> str:
        raise RuntimeError


SILENT = Silent()
WHAT = "a Silent whose repr raises RuntimeError"


def batches(sampler=range(8)):
    return RampedBatchSampler(sampler, attach(sgd(), LINE, RUN, values={"batch_size": 4}))


def stepped():
    return torch.optim.lr_scheduler.StepLR(sgd(), 3)


REFUSED = {
    "an object without a repr": (
        lambda: like.remarks(SILENT),
        (
            f"remarks are of a library's schedule, got {WHAT}; write "
            'like.remarks("transformers.cosine")'
        ),
    ),
    "a key without a repr": (
        lambda: attach(sgd(), {SILENT: LINE}, RUN),
        f"param group 0 has no field {WHAT}; it has lr, momentum, dampening, weight_decay",
    ),
    "a base without a repr": (
        lambda: attach(sgd(), LINE, RUN, base={SILENT: 0.1}),
        f"base names {WHAT}, which the plan does not; it names lr",
    ),
    "a metric without a repr": (
        lambda: Trace(0).series(SILENT),
        f"the trace has no reports of {WHAT}; it has no reports",
    ),
    "a group without a repr": (
        lambda: Trace(0).column("lr", SILENT),
        f"the trace has no 'lr' of group {WHAT}; it has no columns",
    ),
    "a name of no file": (
        lambda: LAW.write("a\0b"),
        "a file is written to the path of a file, and no file is called 'a\\x00b'",
    ),
    "a name that cannot be encoded": (
        lambda: passo.log(Trace(0), "\ud800.csv"),
        "a log is written to the path of a file, and no file is called '\\ud800.csv'",
    ),
    "no path": (
        lambda: LAW.write(3),
        "a file is written to the path of a file, got 3",
    ),
    "no path of a picture": (
        lambda: plot.save(plot.draw(LINE.curve(RUN)), None),
        "a picture is written to the path of a file, got None",
    ),
    "no path of a picture that is to come": (
        lambda: plot.refuse_undrawable(b"tune.png"),
        "a picture is written to the path of a file, got b'tune.png'",
    ),
    "an empty path": (
        lambda: LAW.write(""),
        "a file is written to the path of a file, got ''; give it a name",
    ),
    "a word for strict": (
        lambda: attach(sgd(), LINE, RUN, strict="no"),
        "strict must be True or False, got 'no'",
    ),
    "a word for restore": (
        lambda: attach(sgd(), LINE, RUN).detach(restore="no"),
        "restore must be True or False, got 'no'",
    ),
    "batches that are no number": (
        lambda: batches().state_dict("all"),
        "batches must be a whole number of at least 0, got 'all'",
    ),
    "a class for a sampler": (
        lambda: batches(dict),
        (
            "RampedBatchSampler needs a sampler of indices, got <class 'dict'>, which is none; "
            "write RampedBatchSampler(RandomSampler(data), scheduler)"
        ),
    ),
    "a number for a sampler": (
        lambda: batches(torch.tensor(3)),
        (
            "RampedBatchSampler needs a sampler of indices, got tensor(3), which is none; write "
            "RampedBatchSampler(RandomSampler(data), scheduler)"
        ),
    ),
    "a class for a past": (
        lambda: Plateau("loss", past=dict),
        "past must be a list of pairs, got <class 'dict'>",
    ),
    "one number for metrics": (
        lambda: lift(stepped(), 3, metrics=0.5),
        "metrics must be a list of numbers, one for each step, got 0.5; write metrics=[1.0] * 1000",
    ),
    "one number for the metrics of translate": (
        lambda: translate(stepped(), metrics=0.5),
        "metrics must be a list of numbers, one for each step, got 0.5; write metrics=[1.0] * 1000",
    ),
    "too many steps": (
        lambda: lift(stepped(), 10**9),
        "steps must be at most 100,000,000, got 1000000000",
    ),
    "too many steps to translate": (
        lambda: translate(stepped(), 10**9),
        "steps must be at most 100,000,000, got 1000000000",
    ),
    "the bound of a number": (
        lambda: analysis.bound(0.1, RUN),
        (
            "the bound is of a Schedule on a Run, got 0.1 and Run(steps(1000)); write "
            "analysis.bound(cosine_decay(peak=0.1), Run(steps(1000)))"
        ),
    ),
    "the bound of a run without end": (
        lambda: analysis.bound(COSINE, Run(steps(10**17))),
        (
            "the bound is summed update by update, got Run(steps(100000000000000000)); write a run "
            "of at most 100,000,000 updates"
        ),
    ),
    "the bound of what has no square": (
        lambda: analysis.bound(1e300 * COSINE, RUN),
        "the bound squares the values, got 1e+299; write values of at most 1e+140",
    ),
    "a difference that is no float": (
        lambda: analysis.explain(1e308 * COSINE, -1e308 * COSINE, RUN),
        (
            "the two differ by 2e+307 at one update, too much for a sum over all of them; write "
            "smaller values"
        ),
    ),
    "a schedule that a number names": (
        lambda: LAW.compare({1: wsd()}, RUN),
        (
            "compare names each schedule by a text that is not empty, got 1; "
            'write law.compare({"linear": cosine_decay(), ...}, run)'
        ),
    ),
    "a law of no peak": (
        lambda: Law.from_spec({**LAW.to_spec(), "peak": 0}),
        "law.peak must be above 0, got 0.0",
    ),
    "a law of no scale": (
        lambda: Law.from_spec({**LAW.to_spec(), "scale": 0.0}),
        "law.scale must be from 0.001 to 1, got 0.0",
    ),
    "a law of too few numbers": (
        lambda: Law.from_spec({**LAW.to_spec(), "convex": [1.0]}),
        "law.convex must be three numbers, got (1.0,)",
    ),
    "a prediction before the first rate": (
        lambda: LAW.predict(wsd(), Run(steps(2))),
        (
            "the rates are 0 until update 1, where the losses that are predicted begin; give a "
            "longer run, or a shorter time at 0"
        ),
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_the_wrong_thing_is_refused_in_whole_sentences(kind):
    call, text = REFUSED[kind]
    with pytest.raises((PassoError, NotPredictable)) as told:
        call()
    assert str(told.value) == text


def test_a_folder_is_no_file_to_write(tmp_path):
    with pytest.raises(PassoError) as told, replacing(tmp_path):
        pass
    text = f"{str(tmp_path)!r} is a folder, and a file is written; give the path of a file in it"
    assert str(told.value) == text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("x,lr/0,0.1", "'x,lr/0,0.1'"),
        ("1,lr/0", "'1,lr/0'"),
        ("1,lr/0,much", "'1,lr/0,much'"),
        ("\0\0\0", "'\\x00\\x00\\x00'"),
        (f"{'9' * 5000},lr/0,0.1", f"'{'9' * 56}..."),
    ],
)
def test_a_log_with_a_line_that_is_none_is_left_alone(tmp_path, line, shown):
    path = tmp_path / "run.csv"
    whole = f"update,name,value\n0,lr/0,0.1\n{line}\n2,lr/0,0.1\n"
    path.write_text(whole, "utf-8")
    scheduler = attach(optimizer := sgd(), LINE, RUN)
    with pytest.raises(PassoError) as told:
        passo.log(scheduler, path)
    assert str(told.value) == (
        f"{str(path)!r} is damaged at line 3, {shown}; take the line out, or give another file"
    )
    update(optimizer)
    scheduler.detach(because="tried")
    assert path.read_text("utf-8") == whole


def test_the_bound_of_what_decays_for_ever_is_that_of_its_first_updates():
    run, fall = Run(steps(1000)), Exponential(0.1, 0.5)
    found = analysis.bound(fall, run)
    assert found == pytest.approx(analysis.bound(fall, Run(steps(100))), rel=1e-12)
    assert found > analysis.bound(LINE, run)


def test_a_law_predicts_what_decays_for_ever():
    rates = Exponential(1.0, 0.5)(torch.arange(1000.0).double()).numpy()
    found, early = (
        bound(rates, torch.tensor([1000]).numpy()),
        analysis.bound(Exponential(1.0, 0.5), Run(steps(100))),
    )
    sums = float(rates.sum())
    assert found[0] == pytest.approx(early - 1 / (2 * sums), rel=1e-9)
    assert math.isfinite(LAW.predict(passo.base * Exponential(1.0, 0.5), RUN).end)


def test_a_cycle_of_composer_that_no_float_holds_is_refused():
    with pytest.raises(PassoError, match=r"\): a span is between 10\*\*-18 and 10\*\*18 long"):
        like.composer(
            "CosineAnnealingWarmRestartsScheduler", t_0="100ba", t_mult=Fraction(10**400, 3)
        )


def test_passo_of_lightning_without_a_plan_is_told_what_to_write():
    module = pytest.importorskip("passo.integrations.lightning")
    with pytest.raises(PassoError) as told:
        module.Passo()
    assert str(told.value) == (
        "Passo: missing a required argument: 'plan'; it takes (plan, run, *, seek, **options), "
        "write Passo(warmup_cosine())"
    )
