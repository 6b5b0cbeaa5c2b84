"""`compare` in this process and on workers: what is dealt, kept, refused and said."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import threading
from pathlib import Path
from random import Random

import pytest
import torch

from passo import (
    Constant,
    Cosine,
    NeedsRun,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    attach,
    base,
    compare,
    draw,
    steps,
)
from passo.ground.extras import NeedsExtra
from passo.plot import save
from passo.sweep import Comparison, Result, Trial, WrongAnswer

SRC = Path(__file__).parents[2] / "src"
RUN = Run(steps(20))
TWO = {"low": "Constant(0.1)", "high": "Constant(0.3)"}
OTHER = "give another store, store='another.journal'"


LIGHT = """
import os, pathlib, signal
from random import Random

def noisy(plan, run, seed, trial):
    trial.report(1, loss=0.5)
    rate = plan.on(run)(0)
    return {"loss": rate + Random(f"{seed} {rate}").random() / 100, "process": os.getpid()}

def dying(plan, run, seed, trial):
    been = trial.folder / "been"
    if seed == 2 or (seed == 1 and not been.exists()):
        been.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return noisy(plan, run, seed, trial)
"""


@pytest.fixture
def light(tmp_path):
    """A file whose functions need nothing: its workers begin at once."""
    (tmp_path / "light.py").write_text(LIGHT)
    return f"{tmp_path}/light.py"


def trained(plan, run, seed, trial):
    """A real loop: attached, recorded, with a loss."""
    torch.manual_seed(seed)
    model = torch.nn.Linear(4, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = attach(optimizer, plan, run, record=trial.record)
    x = torch.randn(32, 4)
    y = x.sum(1, keepdim=True) + torch.randn(32, 1)
    for _ in range(run.updates):
        loss = torch.nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.report(loss=loss.item())
    return loss.detach()


def of_seed(plan, run, seed, trial):
    return float(seed)


def test_every_plan_gets_every_seed_and_its_run(tmp_path):
    seen = []

    def train(plan, run, seed, trial):
        seen.append((plan, run, seed, Path(trial.record).parent == trial.folder))
        return Random(seed).random()

    found = compare(train, [Constant(0.1), "Constant(0.2)"], RUN, seeds=3, store=tmp_path / "a")
    plans = (Constant(0.1), Constant(0.2))
    assert seen == [(plan, RUN, seed, True) for seed in range(3) for plan in plans]
    assert found.losses("Constant(0.1)") == found.losses("Constant(0.2)")
    assert "1 pair" not in str(found)
    assert found.notes[1] == (
        "made in this process, one run after the other: no other process finds test_compare.py:"
        "test_every_plan_gets_every_seed_and_its_run.<locals>.train; functions at the head of a "
        "file are found"
    )


def test_plans_are_texts_schedules_and_mappings_of_fields(tmp_path):
    seen = []

    def train(plan, run, seed, trial):
        seen.append(plan)
        return seed

    both = {"lr": Constant(0.1), "weight_decay": Constant(0.01)}
    compare(train, {"a": "Constant(0.1)", "b": both}, RUN, seeds=[3, 7], store=tmp_path / "a")
    assert seen == [Constant(0.1), both] * 2


def test_workers_make_the_runs_at_once_and_give_the_same_losses(light, tmp_path):
    alone = compare(f"{light}:noisy", TWO, RUN, store=tmp_path / "a", processes=1)
    found = compare(f"{light}:noisy", TWO, RUN, store=tmp_path / "b", processes=2)
    assert {each.metrics["process"] for each in alone.results} == {os.getpid()}
    made = {each.metrics["process"] for each in found.results}
    assert len(made) == 2
    assert os.getpid() not in made
    assert [each.loss for each in alone.results] == [each.loss for each in found.results]
    assert found.results[0].reports == [(1, {"loss": 0.5})]
    assert found.notes == ("interval: 95 %, by Student's t of the paired differences",)
    for process in made:
        with pytest.raises(ProcessLookupError):
            os.kill(int(process), 0)


def test_a_run_whose_process_is_killed_is_made_once_more_and_then_a_result(light, tmp_path):
    found = compare(f"{light}:dying", TWO, RUN, seeds=3, store=tmp_path / "a", processes=2)
    failed = {each.seed: each.failed for each in found.results}
    assert failed == {
        0: "",
        1: "",
        2: "its process was killed, twice; what it said is in workers.log",
    }


def test_what_is_there_is_not_made_again_with_more_seeds_or_plans_either(tmp_path):
    made = []

    def train(plan, run, seed, trial):
        made.append((plan(0), seed))
        return Random(repr(made[-1])).random()

    def again(plans=TWO, **more):
        made.clear()
        return compare(train, plans, RUN, store=tmp_path / "a", **more)

    first = again(seeds=2)
    assert len(made) == 4
    assert again(seeds=2).losses("low") == first.losses("low")
    assert made == []
    again(seeds=3)
    assert made == [(0.1, 2), (0.3, 2)]
    found = again({**TWO, "more": "Constant(0.5)"}, seeds=3)
    assert made == [(0.5, 0), (0.5, 1), (0.5, 2)]
    assert len(found.pairs) == 3


def test_a_run_that_raises_or_diverges_is_a_result_and_is_kept_until_retry(tmp_path):
    made = []

    def train(plan, run, seed, trial):
        made.append(seed)
        if plan(0) == 0.3 and len(made) < 7:
            if seed == 0:
                raise FloatingPointError("the loss is NaN")
            return math.nan if seed == 1 else math.inf
        return Random(seed).random()

    call = {"seeds": 3, "store": tmp_path / "a"}
    found = compare(train, TWO, RUN, **call)
    failed = [each.failed for each in found.results if each.plan == "high"]
    assert failed == [
        "FloatingPointError: the loss is NaN",
        "its loss was nan",
        "its loss was inf",
    ]
    again = compare(train, TWO, RUN, **call)
    assert [each.failed for each in again.results] == [each.failed for each in found.results]
    assert len(made) == 6
    mended = compare(train, TWO, RUN, retry=True, **call)
    assert len(made) == 9
    assert not any(each.failed for each in mended.results)
    assert compare(train, TWO, RUN, **call).losses("high") == mended.losses("high")


def test_traces_are_kept_and_make_a_poster_and_pictures(tmp_path):
    plans = {"constant": base * Constant(1), "cosine": base * Cosine(1, 0)}
    found = compare(trained, plans, RUN, seeds=3, store=tmp_path / "a", processes=1)
    assert {name: sorted(each) for name, each in found.traces.items()} == {
        "constant": [0, 1, 2],
        "cosine": [0, 1, 2],
    }
    assert found.traces["cosine"][1].value(0) == 0.1
    assert [ax.get_title() for ax in found.poster().axes if ax.get_title()] == list(plans)
    ax = draw(found)
    assert [each.get_text() for each in ax.get_yticklabels()] == list(reversed(found.ranking))
    save(ax, tmp_path / "a.png")
    assert found.ranking[0] in draw(found, backend="terminal")
    assert set(draw(found, backend="plotly").layout.yaxis.ticktext) == set(plans)
    found.write(tmp_path / "a.json")
    told = json.loads((tmp_path / "a.json").read_text())
    assert told["ranking"] == list(found.ranking)
    assert len(told["runs"]) == 6
    assert told["pairs"][0]["says"] == str(found.pairs[0])


def test_a_poster_shows_of_each_plan_the_finished_run_in_the_middle(tmp_path):
    results = []
    for seed, loss in enumerate((0.4, math.nan, 0.1, 0.2, 0.9)):
        folder = tmp_path / str(seed)
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)
        trial = Trial(folder)
        scheduler = attach(optimizer, Constant(0.1), Run(steps(2)), record=trial.record)
        for _ in range(2):
            optimizer.step()
        scheduler.report(loss=float(seed))
        scheduler.detach()
        failed = "" if math.isfinite(loss) else "its loss was nan"
        results.append(Result("a", seed, loss, failed=failed, folder=str(folder)))
    found = Comparison(("a",), tuple(range(5)), tuple(results))
    assert sorted(found.traces["a"]) == [0, 1, 2, 3, 4]
    drawn = [list(line.get_ydata()) for ax in found.poster().axes for line in ax.get_lines()]
    assert drawn == [[3.0]]  # the loss of seed 3 is 0.2, of 0.1, 0.2, 0.4 and 0.9


def test_bases_train_each_plan_at_each_and_draw_how_it_depends_on_them(tmp_path):
    def train(plan, run, seed, trial):
        return (math.log10(plan.on(run)(0)) + 1) ** 2 + Random(f"{plan} {seed}").random() / 100

    plans = {"one": base * Constant(1), "ten": base * Constant(10)}
    found = compare(train, plans, RUN, bases=[1.0, 0.01, 0.1], store=tmp_path / "a")
    assert found.bases == (0.01, 0.1, 1.0)
    assert (found.best_base("one"), found.best_base("ten")) == (0.1, 0.01)
    assert found.best == found.ranking
    lines = {line.get_label(): list(line.get_ydata()) for line in draw(found).get_lines()}
    assert set(lines) == {"one", "ten"}
    assert lines["one"][1] == pytest.approx(0.0, abs=0.01)
    assert "best base" in str(found)


def test_the_area_budget_scales_each_rate_to_the_sum_of_the_firsts(tmp_path):
    sums = {}

    def train(plan, run, seed, trial):
        placed = plan["lr"].on(run) if isinstance(plan, dict) else plan.on(run)
        sums.setdefault(sum(placed(t) for t in range(run.updates)), []).append(seed)
        return seed

    plans = {"a": Constant(0.1), "b": Cosine(0.7, 0.1), "c": {"lr": Cosine(0.3, 0.0)}}
    found = compare(train, plans, RUN, seeds=2, budget="area", store=tmp_path / "a")
    assert list(sums) == pytest.approx([0.1 * 20] * len(sums))
    total = sum(Cosine(0.7, 0.1).on(RUN)(t) for t in range(20))
    assert f"'b': rates times {2 / total:.4g}, for the area of 'a'" in found.notes


def test_the_token_budget_makes_runs_of_as_many_tokens(tmp_path):
    lengths = {}

    def train(plan, run, seed, trial):
        lengths[plan(0)] = run.updates
        return seed

    runs = {
        "low": Run(steps(20), tokens_per_step=100),
        "high": Run(steps(20), tokens_per_step=400),
    }
    compare(train, TWO, runs, seeds=2, budget="tokens", store=tmp_path / "a")
    assert lengths == {0.1: 20, 0.3: 5}
    longer = {**runs, "high": Run(steps(30), tokens_per_step=100)}
    with pytest.raises(PassoError) as caught:
        compare(train, TWO, longer, seeds=2, store=tmp_path / "b")
    assert str(caught.value) == (
        "the runs are of different lengths: 'low' 20, 'high' 30 updates; write runs of one length, "
        'or budget="tokens"'
    )


def test_a_train_function_that_changed_is_said_once_and_its_runs_are_kept(tmp_path):
    (tmp_path / "train.py").write_text("def train(plan, run, seed, trial):\n    return seed\n")
    call = {"seeds": 2, "store": tmp_path / "a", "processes": 1}
    compare(f"{tmp_path}/train.py:train", TWO, RUN, **call)
    (tmp_path / "other").mkdir()
    (tmp_path / "other/train.py").write_text("def train(plan, run, seed, trial):\n    return 9\n")
    with pytest.warns(PassoWarning) as said:
        found = compare(f"{tmp_path}/other/train.py:train", TWO, RUN, **call)
    assert [str(each.message) for each in said] == [
        (
            f"train.py:train has changed since 4 runs of {str(tmp_path / 'a')!r} were made, and "
            f"they are kept; to make all of them again {OTHER}"
        )
    ]
    assert found.losses("low") == {0: 0.0, 1: 1.0}
    assert said[0].filename == __file__


ANSWERS = {
    "None": "train answered with None, and a run answers with its loss, a number, or with a "
    "mapping of metrics; write return loss",
    "'0.5'": "train answered with '0.5', and a run answers with its loss, a number, or with a "
    "mapping of metrics; write return loss",
    "True": "train answered with True, and a run answers with its loss, a number, or with a "
    "mapping of metrics; write return loss",
    "{}": "train answered with the metrics none, and 'loss' is asked for; write return loss",
    "{'a': 1, 'b': 2}": "train answered with the metrics 'a', 'b', and 'loss' is asked for; write "
    "metric='a'",
    "{'loss': None}": "train answered with None, and each metric is one in a mapping of metrics; "
    "write return loss",
    "10**400": f"train answered with 1{'0' * 56}..., and a loss must be below 1.8e308; write "
    "return float('inf')",
    "{'loss': -(10**400)}": f"train answered with -1{'0' * 55}..., and a loss must be below "
    "1.8e308; write return float('-inf')",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_is_no_loss_ends_it_and_nothing_is_kept(answer, tmp_path):
    given = eval(answer)  # one of the literals above
    with pytest.raises(WrongAnswer) as caught:
        compare(lambda plan, run, seed, trial: given, TWO, RUN, store=tmp_path / "a")
    assert str(caught.value) == ANSWERS[answer]
    assert len((tmp_path / "a").read_text().splitlines()) == 1


def test_a_wrong_answer_on_a_worker_is_told_in_the_same_words(tmp_path):
    file = tmp_path / "train.py"
    file.write_text("def train(plan, run, seed, trial):\n    print('x')\n")
    with pytest.raises(WrongAnswer) as caught:
        compare(f"{file}:train", TWO, RUN, store=tmp_path / "a", processes=2)
    assert str(caught.value) == ANSWERS["None"]
    assert "x\n" in (tmp_path / "a.runs/workers.log").read_text()


def test_of_several_metrics_the_one_that_is_named_is_the_loss(tmp_path):
    def train(plan, run, seed, trial):
        return {"error": torch.tensor(seed + plan(0)), "time": 1}

    found = compare(train, TWO, RUN, metric="error", store=tmp_path / "a")
    assert found.losses("low")[2] == pytest.approx(2.1)


def test_a_script_that_compares_without_a_guard_is_told(tmp_path):
    file = tmp_path / "script.py"
    file.write_text(
        "from passo import Run, compare, steps\n"
        "def train(plan, run, seed, trial):\n    return seed\n"
        "compare(train, ['Constant(0.1)', 'Constant(0.2)'], Run(steps(9)), processes=2)\n"
    )
    here = {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": str(SRC)}}
    done = subprocess.run(
        [sys.executable, str(file)], check=False, capture_output=True, text=True, **here
    )
    assert done.stderr.splitlines()[-1] == (
        "passo.PassoError: no other process can make a run of script.py:train: compare was called "
        "while another process read the file of the train function; put the call under "
        "if __name__ == '__main__':"
    )
    text = file.read_text().replace("\ncompare", "\nif __name__ == '__main__':\n  compare")
    file.write_text(text)
    subprocess.run([sys.executable, str(file)], check=True, **here)


def test_a_train_function_that_other_processes_cannot_load_is_told(tmp_path):
    file = tmp_path / "train.py"
    file.write_text(
        "import os\n"
        "if 'PASSO_SWEEP_WORKER' in os.environ:\n    raise KeyError('no data')\n"
        "def train(plan, run, seed, trial):\n    return seed\n"
    )
    with pytest.raises(PassoError) as caught:
        compare(f"{file}:train", TWO, RUN, store=tmp_path / "a", processes=2)
    assert str(caught.value) == (
        "no other process can make a run of train.py:train: KeyError: 'no data'"
    )
    assert threading.active_count() < 10


def refused(**given):
    right = {"train": of_seed, "plans": TWO, "run": RUN, "processes": 1}
    right.update(given)
    return lambda folder: compare(**right, store=folder / "a")


WRONG = [
    (
        refused(seeds=1),
        "a difference is judged by how it varies from seed to seed, and seeds is 1; write seeds=5",
    ),
    (refused(seeds=[1, 1]), "a seed is there twice, got [1, 1]; write each once"),
    (refused(seeds=0), "seeds must be a whole number of at least 1, got 0"),
    (refused(on="dask"), "on must be one of 'process', 'ray', got 'dask'"),
    (
        refused(run=None),
        (
            "the plans need a run, got None; write compare(train, plans, "
            "Run.of(len(loader), epochs=90))"
        ),
    ),
    (
        refused(run={"low": RUN}),
        (
            "of the plan 'high' there is no Run in {'low': Run(steps(20))}; write one Run "
            "for all, or "
            "{'high': Run(...), ...}"
        ),
    ),
    (
        refused(plans=["Constant(0.1)"]),
        (
            "compare needs two plans or more, got ['Constant(0.1)']; write compare(train, "
            '{"cosine": warmup_cosine(), "wsd": wsd()}, run)'
        ),
    ),
    (
        refused(plans={"a": 0.1, "b": 0.2}),
        (
            "the plan 'a' is a schedule, its text, or a mapping from fields to schedules, got 0.1; "
            "write warmup_cosine(peak=0.1)"
        ),
    ),
    (
        refused(bases=[0.1]),
        (
            "bases are for plans that are relative to base, and 'low' is Constant(0.1); write "
            "warmup_cosine(peak=base), or leave bases out"
        ),
    ),
    (
        refused(bases=0.1),
        "bases are numbers that base stands for, got 0.1; write bases=[0.03, 0.1]",
    ),
    (
        refused(budget="tokens"),
        (
            "equal tokens need runs that know them, and 'low' has Run(steps(20)); write "
            "Run(..., tokens_per_step=65_536)"
        ),
    ),
    (
        refused(budget="area", plans={"a": "base", "b": "Constant(1)"}),
        (
            "'a' is relative to base and 'b' is not, so that their areas do not compare; "
            "write both "
            "with base, or give the first a number with .with_base(0.1)"
        ),
    ),
    (
        refused(budget="area", plans={"a": Plateau("loss") * 0.1, "b": "Constant(1)"}),
        (
            "the area under the rate of 'a' is not known before the run; write a plan without a "
            'plateau and with one "lr" for all groups, or budget="updates"'
        ),
    ),
    (
        refused(budget="area", plans={"a": "Constant(1)", "b": "Constant(0)"}),
        (
            "the sum of the rates of 'b' is 0, and only one above 0 can be scaled; write a "
            "rate above "
            '0, or budget="updates"'
        ),
    ),
    (
        refused(train=3),
        (
            "a train function makes one run, got 3; write def train(plan, run, seed, trial), or "
            '"train.py:train"'
        ),
    ),
    (
        refused(train=lambda plan, run: 0),
        (
            "a train function is called with a plan, a run, a seed and a trial, and this one takes "
            "(plan, run); write def train(plan, run, seed, trial)"
        ),
    ),
    (
        refused(train="train.txt"),
        "a train function needs a file and a function in it, got 'train.txt'; write train.py:train",
    ),
    (
        refused(train="missing.py:train"),
        "there is no file 'missing.py'; write the path of a file, then :train",
    ),
    (refused(retry="no"), "retry must be True or False, got 'no'"),
    (refused(progress="no"), "progress must be True or False, got 'no'"),
    (
        refused(plans={1: Constant(0.1), "1": Constant(0.3)}),
        "names are texts, and two of [1, '1'] are the same; write others",
    ),
    (
        refused(metric=3),
        'metric is the name of a metric, got 3; write metric="val_loss"',
    ),
    (
        refused(metric=""),
        """metric is the name of a metric, got ''; write metric="val_loss\"""",
    ),
]


@pytest.mark.parametrize(("call", "text"), WRONG, ids=lambda each: str(each)[:40])
def test_what_cannot_be_compared_is_refused_before_anything_is_written(call, text, tmp_path):
    with pytest.raises(PassoError) as caught:
        call(tmp_path)
    assert str(caught.value) == text
    assert list(tmp_path.iterdir()) == []


def test_without_a_run_it_is_needs_run(tmp_path):
    with pytest.raises(NeedsRun):
        compare(of_seed, TWO, store=tmp_path / "a")


def test_a_store_of_another_comparison_is_refused(tmp_path):
    path = tmp_path / "a"
    compare(of_seed, TWO, RUN, seeds=2, store=path, processes=1)
    before = path.read_bytes()
    for call, text in (
        (
            {"run": Run(steps(30))},
            (
                f"{str(path)!r} is of another comparison: there run is 'Run(steps(20))', here "
                f"'Run(steps(30))'; {OTHER}"
            ),
        ),
        (
            {"train": trained},
            (
                f"{str(path)!r} is of another comparison: there train is "
                f"'test_compare.py:of_seed', here 'test_compare.py:trained'; {OTHER}"
            ),
        ),
        (
            {"plans": {**TWO, "low": "Constant(0.2)"}},
            (
                f"{str(path)!r} holds runs of 'low', 'Constant(0.1)', which is not among "
                "the plans; "
                f"give it too, or {OTHER}"
            ),
        ),
    ):
        given = {"train": of_seed, "plans": TWO, "run": RUN, "processes": 1, "store": path} | call
        with pytest.raises(PassoError) as caught:
            compare(**given)
        assert str(caught.value) == text
        assert path.read_bytes() == before


def test_without_ray_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(NeedsExtra) as caught:
        compare(of_seed, TWO, RUN, store=tmp_path / "a", on="ray")
    assert str(caught.value) == (
        'compare(..., on="ray") needs ray, which is not installed; write pip install "passo[ray]"'
    )


def test_a_run_goes_on_from_the_checkpoint_of_the_one_that_was_killed(tmp_path):
    file = tmp_path / "train.py"
    file.write_text(
        "import os, signal, pathlib\n"
        "def train(plan, run, seed, trial):\n"
        "    done = 0 if trial.latest is None else int((trial.latest / 'at').read_text())\n"
        "    for t in range(done, 4):\n"
        "        if t == 2 and seed == 1 and done == 0:\n"
        "            os.kill(os.getpid(), signal.SIGKILL)\n"
        "        trial.report(t, at=t, begun=done)\n"
        "        new = trial.folder / 'mine'\n"
        "        new.mkdir(exist_ok=True)\n"
        "        (new / 'at').write_text(str(t + 1))\n"
        "        trial.checkpoint(new)\n"
        "    return seed\n"
    )
    call = {"seeds": 2, "store": tmp_path / "a", "processes": 2}
    found = compare(f"{file}:train", TWO, RUN, **call)
    told = {(each.plan, each.seed): [m["begun"] for _, m in each.reports] for each in found.results}
    assert told == {
        ("low", 0): [0, 0, 0, 0],
        ("low", 1): [0, 0, 2, 2],
        ("high", 0): [0, 0, 0, 0],
        ("high", 1): [0, 0, 2, 2],
    }


def test_a_trial_is_what_train_is_handed(tmp_path):
    seen = []
    compare(
        lambda plan, run, seed, trial: seen.append(trial) or seed,
        TWO,
        RUN,
        seeds=2,
        store=tmp_path / "a",
    )
    assert {type(each) for each in seen} == {Trial}
    assert len({each.folder for each in seen}) == 4


class Speechless(Exception):
    """What a train function may raise; issue 19."""

    def __str__(self):
        raise RuntimeError


def test_an_exception_without_a_text_is_what_the_run_came_to(tmp_path):
    def raising(plan, run, seed, trial):
        raise Speechless

    found = compare(raising, TWO, RUN, seeds=2, store=tmp_path / "a")
    said = "Speechless, whose text raises RuntimeError"
    assert {each.failed for each in found.results} == {said}


def test_a_store_whose_name_is_too_long_is_refused_in_words(tmp_path, monkeypatch):
    """Issue 19: also one that only its lock is too long for."""
    monkeypatch.chdir(tmp_path)
    for name in ("x" * 300, "x" * 253):
        with pytest.raises(PassoError) as caught:
            compare(of_seed, TWO, RUN, seeds=2, store=name)
        assert str(caught.value) == (
            f"cannot write '{'x' * 56}...: its name is too long; give a shorter one"
        )
    assert list(tmp_path.iterdir()) == []


def test_the_bands_of_a_picture_in_a_terminal_are_not_named_by_nothing(tmp_path):
    based = {"whole": base, "half": 0.5 * base}
    found = compare(
        of_seed, based, RUN, seeds=2, store=tmp_path / "a", bases=[0.1, 0.2], processes=1
    )
    head = draw(found, backend="terminal").splitlines()[:6]
    assert not any("░" in each for each in head)
    assert any("from the lowest to the highest" in each for each in head)


WRONG_CALLS = {
    "losses": (
        "Comparison.losses: it has no argument 'nme'; did you mean 'name'? It takes (name, base), "
        'write comparison.losses("cosine")'
    ),
    "best_base": (
        "Comparison.best_base: it has no argument 'nme'; did you mean 'name'? It takes (name), "
        'write comparison.best_base("cosine")'
    ),
    "behind": (
        "Comparison.behind: it has no argument 'nme'; did you mean 'name'? It takes (name), write "
        'comparison.behind("cosine")'
    ),
    "poster": (
        "Comparison.poster: it has no argument 'nme'; it takes (*, columns), write "
        "comparison.poster(columns=2)"
    ),
    "write": (
        "Comparison.write: it has no argument 'nme'; it takes (path), write "
        'comparison.write("compare.json")'
    ),
}


@pytest.mark.parametrize("method", WRONG_CALLS)
def test_a_wrong_call_of_what_was_found_is_answered_with_a_right_one(method, tmp_path):
    found = compare(of_seed, TWO, RUN, seeds=2, store=tmp_path / "a", processes=1)
    with pytest.raises(PassoError) as caught:
        getattr(found, method)(nme="a")
    assert str(caught.value) == WRONG_CALLS[method]
