"""What `compare`, its store and its trials advise."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import torch
from typer.testing import CliRunner

from passo import Constant, Plateau, Run, attach, base, compare, steps
from passo.cli import app
from passo.sweep import Comparison, Journal, Pair, Trial
from passo.sweep.answers import judged
from tests.advice.table import Table, Told

RUN = Run(steps(9))
TWO = {"low": Constant(0.1), "high": Constant(0.3)}
NAMES = {"cosine": "warmup_cosine()", "wsd": "wsd()"}


def train(plan: Any, run: Run, seed: int, trial: Trial) -> float:
    """A run whose loss varies with its seed."""
    return Random(f"{plan} {seed}").random()


def tried_with(**given: Any) -> Any:
    """A comparison in this process, small, in a store of its own."""
    right = {"train": train, "plans": TWO, "run": RUN, "seeds": 3, "processes": 1}
    store = f"store-{len(list(Path.cwd().iterdir()))}"
    return compare(**{**right, "store": store, **given})


tried = Table(
    tried_with=tried_with,
    train=train,
    plans=list(NAMES.values()),
    run=RUN,
    loader=[1, 2],
    Trial=Trial,
    trial=None,
    update=3,
    folder="made",
    answer=None,
)


@contextmanager
def opened(path: str, kind: str = "compare") -> Iterator[Journal]:
    with Journal(path, kind, {}) as journal:
        yield journal


def opening(path: str) -> Callable[[], None]:
    def act() -> None:
        with opened(path):
            pass

    return act


@tried('compare(train, {"cosine": warmup_cosine(), "wsd": wsd()}, Run(steps(1000)))')
def a_comparison_is_called_like_that(told: Told) -> None:
    (found,) = told("compare(train)").put("@", train=train)
    assert len(found.results) == 10


@tried(
    'compare needs two plans or more, got {}; write compare(train, {"cosine": warmup_cosine(), '
    '"wsd": wsd()}, run)'
)
def there_are_two_plans_or_more(told: Told) -> None:
    (found,) = told("tried_with(plans=[])").put("@")
    assert found.names == ("cosine", "wsd")


@tried(
    "{} is a schedule, its text, or a mapping from fields to schedules, got {}; write "
    "warmup_cosine(peak=0.1)"
)
def a_plan_is_a_schedule(told: Told) -> None:
    (found,) = told("tried_with(plans=[3, base])").put("tried_with(plans=[@, base])")
    assert len(found.results) == 6


@tried("of the plan {} there is no Run in {}; write one Run for all, or {{}: Run(...), ...}")
def each_plan_has_a_run(told: Told) -> None:
    text = told(lambda: tried_with(run={"low": RUN}))
    text.words("one Run for all", "{'high': Run(...), ...}")
    assert tried_with(run=RUN).results
    assert tried_with(run={"high": RUN, "low": RUN}).results


@tried("the plans need a run, got {}; write compare(train, plans, Run.of(len(loader), epochs=90))")
def the_plans_need_a_run(told: Told) -> None:
    (found,) = told("compare(train, plans)").put("@")
    assert found.entrants[0].run.updates == 180


@tried(
    'the runs are of different lengths: {} updates; write runs of one length, or budget="tokens"'
)
def updates_are_equal_or_tokens(told: Told) -> None:
    runs = {"low": Run(steps(9), tokens_per_step=2), "high": Run(steps(3), tokens_per_step=6)}
    text = told("tried_with(run=mine)", mine=runs)
    text.words("runs of one length")
    assert text.quoted(r"or (budget=.*)$") == 'budget="tokens"'
    found = tried_with(run=runs, budget="tokens")
    assert [each.run.updates for each in found.entrants] == [9, 3]
    assert tried_with(run={"low": RUN, "high": RUN}).results


@tried(
    "equal tokens need runs that know them, and {} has {}; write Run(..., tokens_per_step=65_536)"
)
def equal_tokens_need_tokens(told: Told) -> None:
    text = told("tried_with(budget='tokens')")
    (found,) = text.put("tried_with(run=@, budget='tokens')", fill="steps(9)")
    assert found.entrants[0].run.updates == 9


@tried(
    "the area under the rate of {} is not known before the run; write a plan without a plateau "
    'and with one "lr" for all groups, or budget="updates"'
)
def an_area_is_known_before_the_run(told: Told) -> None:
    plans = {"a": 0.1 * Plateau("loss"), "b": Constant(1)}
    text = told("tried_with(plans=p, budget='area')", p=plans)
    text.words("a plan without a plateau", 'one "lr" for all groups', 'budget="updates"')
    assert tried_with(plans=plans, budget="updates").results
    assert tried_with(plans={**plans, "a": Constant(0.1)}, budget="area").results
    fields = {"weight_decay": Constant(0.1)}
    told("tried_with(plans=p, budget='area')", p={"a": fields, "b": base})
    fields["lr"] = base
    assert tried_with(plans={"a": fields, "b": base}, budget="area").results


@tried(
    "{} is relative to base and {} is not, so that their areas do not compare; write both with "
    "base, or give the first a number with .with_base(0.1)"
)
def areas_are_of_one_base(told: Told) -> None:
    text = told("tried_with(plans=p, budget='area')", p={"a": base, "b": Constant(1)})
    text.words("both with base")
    number = text.quoted(r"with (\.with_base\(0\.1\))")
    assert tried_with(plans={"a": base, "b": base * Constant(1)}, budget="area").results
    given = eval(f"base{number}", {"base": base})
    assert tried_with(plans={"a": given, "b": Constant(1)}, budget="area").results


@tried("an area is summed update by update, and {} has {}; write a run of at most {} updates")
def an_area_is_summed(told: Told) -> None:
    text = told("tried_with(run=Run(steps(10**9)), budget='area')")
    text.words("a run of at most 100,000,000 updates")
    assert tried_with(run=Run(steps(10**5)), budget="area").results


@tried(
    "the sum of the rates of {} is {}, and only one above 0 can be scaled; write a rate above 0, "
    'or budget="updates"'
)
def an_area_is_above_0(told: Told) -> None:
    plans = {"a": Constant(1), "b": Constant(0)}
    text = told("tried_with(plans=p, budget='area')", p=plans)
    text.words("a rate above 0", 'budget="updates"')
    assert tried_with(plans=plans, budget="updates").results
    assert tried_with(plans={**plans, "b": Constant(2)}, budget="area").results


@tried(
    "bases are for plans that are relative to base, and {} is {}; write "
    "warmup_cosine(peak=base), or leave bases out"
)
def bases_are_for_relative_plans(told: Told) -> None:
    text = told("tried_with(bases=[0.1])")
    text.words("leave bases out")
    (found,) = text.put("tried_with(plans={'a': @, 'b': base}, bases=[0.1])")
    assert found.best_base("a") == 0.1
    assert tried_with().bases == ()


@tried("bases are numbers that base stands for, got {}; write bases=[0.03, 0.1]")
def bases_are_numbers(told: Told) -> None:
    for wrong in ("0.1", "'0.1'"):
        (found,) = told(f"tried_with(bases={wrong})").put("tried_with(plans=[base, 2 * base], @)")
        assert found.bases == (0.03, 0.1)


@tried("a seed is there twice, got {}; write each once")
def each_seed_is_there_once(told: Told) -> None:
    told("tried_with(seeds=[1, 2, 1])").words("write each once")
    assert tried_with(seeds=[1, 2]).seeds == (1, 2)


@tried("a difference is judged by how it varies from seed to seed, and seeds is {}; write seeds=5")
def one_seed_tells_nothing(told: Told) -> None:
    for wrong in ("1", "[3]", "[]"):
        (found,) = told(f"tried_with(seeds={wrong})").put("tried_with(@)")
        assert found.pairs[0].seeds == 5


@tried("a difference is not 0, which no number of seeds can tell; write seeds_for(0.01)")
def a_difference_to_be_told_is_not_0(told: Told) -> None:
    pair = Pair("a", "b", (0.01, 0.02, -0.01), 1)
    (seeds,) = told("pair.seeds_for(0)", pair=pair).put("pair.@", seeds_for=0)
    assert seeds > 3


@tried("each seed gave the same loss: let train use its seed, as in torch.manual_seed(seed)")
def the_seed_is_used(told: Told) -> None:
    import torch

    found = tried_with(train=lambda plan, run, seed, trial: plan(0))
    told.of(found).words("torch.manual_seed(seed)")

    def seeded(plan: Any, run: Run, seed: int, trial: Trial) -> Any:
        torch.manual_seed(seed)
        return plan(0) + torch.rand(())

    assert tried_with(train=seeded).pairs[0].is_told


@tried("train answered with the metrics {}, and {} is asked for{}{}")
def the_loss_is_among_the_metrics(told: Told) -> None:
    several = {"error": 0.1, "time": 3}
    text = told(lambda: answering(several, metric="eror"))
    meant = text.quoted(r"did you mean '(\w+)'")
    assert answering(several, metric=meant).losses("low")[0] == 0.1


@tried("write metric={}")
def of_several_metrics_one_is_named(told: Told) -> None:
    several = {"error": 0.1, "time": 3}
    text = told(lambda: answering(several))
    (found,) = text.put("answering(several, @)", answering=answering, several=several)
    assert found.losses("low")[0] == 0.1


@tried("write return loss")
def no_metrics_are_no_answer(told: Told) -> None:
    told(lambda: answering({})).words("return loss")
    assert answering(0.1).results


def answering(answer: Any, **more: Any) -> Any:
    """A comparison whose train function answers so."""
    return tried_with(train=lambda plan, run, seed, trial: answer, **more)


@tried("train answered with {}, and {} a mapping of metrics; write return loss")
def a_run_answers_with_its_loss(told: Told) -> None:
    for wrong in (None, "0.5", [0.5], {"loss": None}):
        told(lambda wrong=wrong: answering(wrong)).words("return loss")
    assert answering(0.5).results
    assert answering({"loss": 0.5}).results


@tried(
    "{} was called while another process read the file of the train function; put the call "
    "under if __name__ == '__main__':"
)
def a_script_has_a_guard(told: Told) -> None:
    def script(guard: str) -> str:
        Path("script.py").write_text(
            "from passo import Run, compare, steps\n"
            "def train(plan, run, seed, trial):\n    return seed\n"
            f"{guard}compare(train, ['Constant(1)', 'Constant(2)'], Run(steps(9)), processes=2)\n"
        )
        here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        call = [sys.executable, "script.py"]
        done = subprocess.run(call, check=False, capture_output=True, text=True, env=here)
        return done.stderr

    text = told.of(script("").splitlines()[-1])
    guard = text.quoted(r"under (if .*:)$")
    assert script(f"{guard} ") == ""


@tried("{} holds runs of {}, {}{}, which is not among the plans; give it too, or {}")
def no_plan_is_left_out(told: Told) -> None:
    tried_with(store="a")
    three = {"low": Constant(0.1), "more": Constant(0.5)}
    text = told("tried_with(plans=p, store='a')", p=three)
    text.words("give it too")
    assert len(tried_with(plans={**TWO, **three}, store="a").results) == 9
    (found,) = text.put("tried_with(plans=p, @)", verb="another store,", p=three)
    assert len(found.results) == 6


@tried("names are texts, and two of {} are the same; write others")
def plans_have_names_of_their_own(told: Told) -> None:
    told(lambda: tried_with(plans={1: Constant(0.1), "1": Constant(0.3)})).words("write others")
    assert len(tried_with(plans={1: Constant(0.1), "2": Constant(0.3)}).results) == 6


@tried("give another store, store='another.journal'")
def another_comparison_has_another_store(told: Told) -> None:
    tried_with(store="a")
    text = told("tried_with(run=Run(steps(3)), store='a')")
    (found,) = text.put("tried_with(run=Run(steps(3)), @)", verb="another store,")
    assert found.results
    assert Path("another.journal").exists()


@tried("{} is in use by another process; wait until that is done, or {}")
def one_process_writes_a_store(told: Told) -> None:
    code = (
        "import sys; from passo.sweep import Journal\n"
        "with Journal('a', 'compare', {}):\n    print(flush=True); sys.stdin.read()"
    )
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], env=here, **pipes) as other:
        other.stdout.readline()
        text = told(opening("a"))
        text.words("wait until that is done", "give another store, store='another.journal'")
        opening("another.journal")()
        other.communicate()
    opening("a")()


@tried("cannot write {}: {}; give a path in a folder that can be written to")
def a_store_is_where_it_can_be_written(told: Told) -> None:
    Path("file").touch()
    told(opening("file/a")).words("a path in a folder that can be written to")
    opening("folder/a")()


@tried(
    "{} has version {} of the store, and this passo has {}; go on with the passo that wrote it, "
    "or {}"
)
def a_store_has_a_version(told: Told) -> None:
    Path("a").write_text('{"passo": "compare", "version": 0}\n')
    text = told(opening("a"))
    text.words("the passo that wrote it", "give another store, store='another.journal'")
    opening("another.journal")()


@tried("{} is damaged in line {}: {}; take that line out, and its run is made again")
def a_damaged_line_is_taken_out(told: Told) -> None:
    tried_with(store="a")
    lines = Path("a").read_text().splitlines(keepends=True)
    Path("a").write_text("".join([*lines[:2], "{\n", *lines[3:]]))
    text = told("tried_with(store='a')")
    text.words("take that line out, and its run is made again")
    place = int(text.quoted(r"in line (\d+)"))
    damaged = Path("a").read_text().splitlines(keepends=True)
    Path("a").write_text("".join(damaged[: place - 1] + damaged[place:]))
    assert len(tried_with(store="a").results) == 6
    assert len(Path("a").read_text().splitlines()) == 7


@tried(
    "a train function makes one run, got {}; write def train(plan, run, seed, trial), or "
    '"train.py:train"',
    "a train function is called with a plan, a run, a seed and a trial, and this one takes ({}); "
    "write def train(plan, run, seed, trial)",
)
def a_train_function_has_four_arguments(told: Told) -> None:
    wrong = "lambda plan, run: 0.5" if "takes" in told.template else "3"
    text = told(f"tried_with(train={wrong})")
    head = text.quoted(r"write (def train\(plan, run, seed, trial\))")
    Path("train.py").write_text(f"{head}:\n    return float(seed)\n")
    if "takes" not in told.template:
        assert eval(text.quoted(r'or (".*")$')) == "train.py:train"
    assert tried_with(train="train.py:train").results


@tried("a report needs a metric; write trial.report(update, loss=loss.item())")
def a_report_has_a_metric(told: Told) -> None:
    import torch

    trial = Trial("run")
    text = told(lambda: trial.report(3))
    text.put("@", trial=trial, loss=torch.tensor(0.5))
    assert trial.reports == [(3, {"loss": 0.5})]


@tried(
    "a checkpoint is a folder with what is needed to go on, got {}; save into a folder, and "
    "write trial.checkpoint(folder)"
)
def a_checkpoint_is_a_folder(told: Told) -> None:
    trial = Trial("run")
    Path("state.pt").touch()
    text = told(lambda: trial.checkpoint("state.pt"))
    text.words("save into a folder")
    Path("made").mkdir()
    shutil.move("state.pt", "made")
    text.put("@", trial=trial)
    assert [each.name for each in trial.latest.iterdir()] == ["state.pt"]


@tried(
    "the copy of a checkpoint is kept in {}, which is in the folder {} itself; save into a folder "
    'in it, and write trial.checkpoint(trial.folder / "state")'
)
def a_checkpoint_is_saved_into_a_folder_of_its_own(told: Told) -> None:
    trial = Trial("run")
    text = told(lambda: trial.checkpoint(trial.folder))
    text.words("save into a folder in it")
    (trial.folder / "state").mkdir()
    (trial.folder / "state/state.pt").touch()
    text.put("@", trial=trial)
    assert [each.name for each in trial.latest.iterdir()] == ["state.pt"]


@tried("trial.report(update, loss=loss.item())")
def a_report_is_an_update_and_metrics_by_name(told: Told) -> None:
    trial = Trial("run")
    names = {"trial": trial, "update": 10, "loss": torch.tensor(0.5)}
    told(lambda: trial.report(10, 0.5)).put("@", **names)
    assert trial.reports == [(10, {"loss": 0.5})]


@tried(
    "train answered with {}, and a loss must be below 1.8e308; write return float('{}inf')",
)
def a_loss_beyond_all_floats_is_infinite(told: Told) -> None:
    for number, infinite in ((10**400, math.inf), (-(10**400), -math.inf)):
        text = told(lambda number=number: judged(number, None))
        said = text.quoted(r"write return (.*)$")
        assert judged(eval(said), None) == (infinite, {})


def passo(*arguments: str) -> str:
    """What `passo compare` prints."""
    Path("train.py").write_text("def train(plan, run, seed, trial):\n    return float(seed)\n")
    given = ["compare", "train.py:train", *arguments, "--processes", "1"]
    done = CliRunner().invoke(app, given, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@tried("a schedule is there twice; write each once")
def each_schedule_is_typed_once(told: Told) -> None:
    told(lambda: passo("wsd()", "wsd()", "--run", "9 steps")).words("write each once")
    assert passo("wsd()", "cosine_decay()", "--run", "9 steps")


@tried('the schedules are of different lengths: {} steps; write --run "1000 steps"')
def schedules_of_different_lengths_need_a_run(told: Told) -> None:
    plans = ("Linear(1, 0, steps(9))", "Cosine(1, 0, steps(8))")
    options = told(lambda: passo(*plans)).quoted(r'write (--run ".*")$').replace('"', "")
    assert passo(*plans, *options.split(" ", 1))


def compared_and_recorded() -> Comparison:
    """A comparison whose plans are called as in the advice, and whose runs were recorded."""

    def recorded(plan: Any, run: Run, seed: int, trial: Trial) -> float:
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
        scheduler = attach(optimizer, plan, run, record=trial.record)
        for _ in range(run.updates):
            optimizer.step()
        scheduler.detach()
        return train(plan, run, seed, trial)

    return tried_with(train=recorded, plans=NAMES)


@tried(
    'comparison.losses("cosine")',
    'comparison.best_base("cosine")',
    'comparison.behind("cosine")',
    "comparison.poster(columns=2)",
    'comparison.write("compare.json")',
)
def what_a_comparison_answers_is_asked_like_that(told: Told) -> None:
    comparison = compared_and_recorded()
    name = told.template.partition(".")[2].partition("(")[0]
    (found,) = told(f"comparison.{name}(nme=3)", comparison=comparison).put(
        "@", comparison=comparison
    )
    assert {
        "losses": lambda: found == comparison.losses("cosine"),
        "best_base": lambda: found is None,
        "behind": lambda: found == comparison.behind("cosine"),
        "poster": lambda: len(found.axes) >= 2,
        "write": lambda: json.loads(Path("compare.json").read_text())["passo"] == "comparison",
    }[name]()


@tried("pair.seeds_for(0.1)")
def how_many_seeds_is_asked_like_that(told: Told) -> None:
    pair = Pair("a", "b", (0.2, -0.1, 0.3, 0.0), of=1)
    (found,) = told("pair.seeds_for(size=3)", pair=pair).put("@", pair=pair)
    assert found == pair.seeds_for(0.1)


@tried("trial.checkpoint(folder)")
def a_checkpoint_is_kept_like_that(told: Told) -> None:
    Path("made").mkdir()
    Path("made", "at").write_text("3")
    trial = Trial("run")
    told("trial.checkpoint()", trial=trial).put("@", trial=trial)
    assert (trial.latest / "at").read_text() == "3"
