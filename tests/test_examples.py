"""The examples, in small: what they promise of a run that is killed, cooled down or branched."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch

from passo import Run, parse, steps
from passo.sweep import Trial
from passo.trace import Trace
from tests.optim.tools import ROOT, python
from tests.sweep.searched import MEMORY

pytestmark = pytest.mark.long
SCRIPT = ROOT / "examples" / "language_model.py"
FEW = ["--over", "1500", "--every", "2"]
KILLED = """
import importlib.util, os, signal, sys, torch
torch.set_num_threads(1)
spec = importlib.util.spec_from_file_location("language_model", sys.argv[1])
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)
made, left = example.losses, int(sys.argv[2])
def losses(*given):
    global left
    left -= 1
    loss = made(*given)
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return loss
example.losses = losses
example.main(sys.argv[3:])
"""


@pytest.fixture(scope="module")
def example():
    """The script of the language model."""
    yield from on_one_thread("language_model")


@pytest.fixture(scope="module")
def foresee():
    """The script that chooses by a law."""
    yield from on_one_thread("foresee")


def on_one_thread(name):
    """A script as a module, on one thread as it runs by itself."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    spec.loader.exec_module(module)
    yield module
    torch.set_num_threads(threads)


def ends_as(training, folder):
    """The weights, bit for bit, and the rates and sizes that each update used."""
    weights = [each.detach().numpy().tobytes() for each in training.model.parameters()]
    trace = Trace.load(folder / "trace.jsonl")
    rates = [trace.used("lr", f"{name}/0") for name in training.optimizers]
    (updates, muon), (others, adamw), (_, sizes) = *rates, trace.used("batch_size", None)
    assert updates == others
    return weights, list(zip(muon, adamw, sizes, strict=True))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no kill -9")
def test_a_language_model_is_killed_cooled_down_and_branched(example, tmp_path):
    whole, killed, branch, planned = (tmp_path / name for name in ("a", "b", "c", "d"))
    cools = ["--cool-at", "2000", *FEW]
    ended = example.main([str(whole), *cools])
    assert ended.scheduler.cooldown.clock == 4
    dead = python(KILLED, str(SCRIPT), "6", str(killed), *cools)
    assert dead.returncode == -9, dead.stderr
    resumed = example.main([str(killed), *cools])
    assert resumed.batches.epoch == 0
    assert ends_as(resumed, killed) == ends_as(ended, whole)

    start = str(killed / "trunk.pt")
    for at in (2, 3):  # updates of the trunk when it is branched
        trunk = example.Training(example.arguments([str(tmp_path / f"t{at}"), *FEW]))
        for _, several in zip(range(at), example.updates(trunk.loader), strict=False):
            trunk.update(several)
        torch.save([part.state_dict() for part in trunk.parts], start)
        trunk.scheduler.promises.settle("ended")
        trunk.scheduler.detach()
        cooled = ["--branch-at", "2000", *FEW]
        one = example.main([str(branch / str(at)), "--start", start, *cooled])
        other = example.main([str(planned / str(at)), *cooled])
        weights, rates = ends_as(one, branch / str(at))
        expected, all_rates = ends_as(other, planned / str(at))
        assert weights == expected
        assert rates == all_rates[at:]


def test_three_runs_are_recorded_one_is_chosen_and_what_was_said_of_it_is_held_to_it(
    foresee, tmp_path, capsys
):
    answer = foresee.main([str(tmp_path), "--updates", "200"])
    said = capsys.readouterr().out.splitlines()
    files = {path.name for path in tmp_path.iterdir()}
    names = ("linear", "wsd", "stages", "chosen")
    assert files == {*(f"{name}.jsonl" for name in names), "foreseen.png"}
    assert answer.law.runs == 3
    assert answer.made == answer.law.predict(answer.made.schedule, Run(steps(200)))
    assert answer.found.best.prediction is answer.made
    rates = answer.made.schedule.on(Run(steps(200))).with_base(foresee.RATE)
    assert answer.trace.value(190) == rates(190)
    assert answer.trace.series("val_loss")[0][-1] == 200
    where = "inside" if answer.made.low[-1] <= answer.end <= answer.made.high[-1] else "outside"
    assert said[-2] == f"it came to {answer.end:.4f}, {where} the band"
    assert answer.end == pytest.approx(answer.made.end, rel=0.1)


def test_a_run_that_the_text_is_too_short_for_is_refused(foresee, tmp_path, capsys):
    with pytest.raises(SystemExit):
        foresee.main([str(tmp_path), "--updates", "100000"])
    assert "the text has no more, got 100000" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def memory():
    """A folder in memory, where there is one: a search waits for its disk."""
    with TemporaryDirectory(dir=MEMORY) as made:
        yield Path(made)


@pytest.fixture(scope="module")
def searched():
    """The script that compares and tunes."""
    yield from on_one_thread("compare_and_tune")


def test_five_plans_are_compared_and_three_are_tuned(searched, memory, capsys):
    small = ["--task", "digits", "--updates", "20", "--trials", "4", "--seeds", "2"]
    found = searched.main([str(memory), *small])
    said = capsys.readouterr().out
    names = {"digits-compare", "digits-warmup_cosine", "digits-plateau", "digits-step"}
    assert found.keys() == names
    files = {each.name for each in memory.iterdir()}
    assert files == {"kept", *(f"{name}{end}" for name in names for end in (".png", ".txt"))}
    assert set(found["digits-compare"].names) == set(searched.PLANS)
    holes = {name: set(found[f"digits-{name}"].best.holes) for name in searched.SPACES}
    assert holes == {
        "warmup_cosine": {"peak", "warmup", "floor"},
        "plateau": {"patience", "factor", "cooldown"},
        "step": {"every", "gamma"},
    }
    for name, each in found.items():
        text = (memory / f"{name}.txt").read_text("utf-8")
        assert text.startswith(str(each))
        assert text in said
    assert found["digits-compare"].traces.keys() == set(searched.PLANS)


def test_the_transformer_learns_bytes_of_text_by_a_plan_and_tells_its_losses(searched, tmp_path):
    trial = Trial(tmp_path)
    loss = searched.text(parse("warmup_cosine(warmup=percent(10))"), Run(steps(20)), 0, trial)
    told = [metrics["loss"] for _, metrics in trial.reports]
    assert len(told) == 20
    assert loss == told[-1] < told[0] < 6
    assert Trace.load(trial.record).series("val_loss")[1] == told


def test_the_page_of_what_was_found_has_a_picture_and_the_words_of_each(searched):
    page = (ROOT / "docs" / "compared.md").read_text("utf-8")
    for task in searched.TRAIN:
        for what in ("compare", *searched.SPACES):
            assert f"(compared/{task}-{what}.png)" in page
            begin = "best: " if what != "compare" else "┏"
            assert f"<!-- {task}-{what} -->\n```text\n{begin}" in page
    assert all(page.count(f"│ {name} ") == 2 for name in searched.PLANS)
