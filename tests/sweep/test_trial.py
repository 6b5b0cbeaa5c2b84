"""What a train function is handed: reports, a trace's place, checkpoints that outlive a kill."""

from __future__ import annotations

import pytest

from passo import PassoError
from passo.sweep import Trial
from passo.sweep.trial import reports_in


def saved(folder, text):
    folder.mkdir(exist_ok=True)
    (folder / "state.txt").write_text(text)
    return folder


def test_reports_are_kept_by_their_updates_and_heard_at_once(tmp_path):
    heard = []
    trial = Trial(tmp_path / "run", lambda update, told: heard.append((update, told)))
    trial.report(10, loss=0.5, accuracy=0.1)
    trial.report(20, loss=float("nan"))
    trial.report(10, loss=0.4)
    (first, at_10), (second, at_20) = trial.reports
    assert (first, at_10, second) == (10, {"loss": 0.4, "accuracy": 0.1}, 20)
    assert at_20["loss"] != at_20["loss"]
    assert [update for update, _ in heard] == [10, 20, 10]


def test_what_listens_may_end_the_run_and_the_report_is_kept(tmp_path):
    def enough(update, told):
        raise KeyError(update)

    trial = Trial(tmp_path, enough)
    with pytest.raises(KeyError):
        trial.report(10, loss=0.5)
    assert trial.reports == [(10, {"loss": 0.5})]


def test_a_trial_begun_again_goes_on_from_the_last_checkpoint(tmp_path):
    trial = Trial(tmp_path / "run")
    assert trial.latest is None
    for number in range(3):
        trial.checkpoint(saved(tmp_path / "mine", f"at {number}"))
    trial.report(10, loss=0.5)
    with (trial.folder / "reports.jsonl").open("a") as file:
        file.write('[20, {"lo')
    (trial.folder / "passo-new-checkpoint-3").mkdir()
    again = Trial(tmp_path / "run")
    assert (again.latest / "state.txt").read_text() == "at 2"
    assert sorted(each.name for each in again.folder.iterdir()) == [
        "passo-checkpoint-2",
        "reports.jsonl",
    ]
    again.report(20, loss=0.4)
    assert reports_in(again.folder) == [(10, {"loss": 0.5}), (20, {"loss": 0.4})]


def test_of_two_checkpoints_that_a_kill_left_the_later_one_stays(tmp_path):
    for number in (9, 10):
        saved(tmp_path / f"passo-checkpoint-{number}", f"at {number}")
    trial = Trial(tmp_path)
    assert (trial.latest / "state.txt").read_text() == "at 10"
    trial.checkpoint(saved(tmp_path / "mine", "at 11"))
    assert (trial.latest / "state.txt").read_text() == "at 11"
    left = [each.name for each in tmp_path.iterdir() if each.name != "mine"]
    assert left == ["passo-checkpoint-11"]


def test_what_a_trainer_saves_into_the_folder_is_its_own(tmp_path):
    for number in (500, 1000):
        saved(tmp_path / f"checkpoint-{number}", f"at {number}")
    trial = Trial(tmp_path)
    assert trial.latest is None
    trial.checkpoint(tmp_path / "checkpoint-1000")
    again = Trial(tmp_path)
    assert (again.latest / "state.txt").read_text() == "at 1000"
    assert (tmp_path / "checkpoint-500" / "state.txt").read_text() == "at 500"


def test_reports_come_by_their_updates_in_whatever_order_they_were_made(tmp_path):
    trial = Trial(tmp_path)
    for update in (20, 5, 10):
        trial.report(update, loss=update)
    assert trial.reports == [(5, {"loss": 5.0}), (10, {"loss": 10.0}), (20, {"loss": 20.0})]


def test_without_a_checkpoint_it_begins_anew(tmp_path):
    trial = Trial(tmp_path)
    trial.report(10, loss=0.5)
    (tmp_path / "trace.jsonl").write_text("of the run that was killed")
    (tmp_path / "mine.txt").write_text("not ours")
    again = Trial(tmp_path)
    assert again.reports == []
    assert [each.name for each in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (
            lambda trial: trial.report(10),
            "a report needs a metric; write trial.report(update, loss=loss.item())",
        ),
        (
            lambda trial: trial.report(-1, loss=0.5),
            "update must be a whole number of at least 0, got -1",
        ),
        (
            lambda trial: trial.report(1, loss="low"),
            "a metric must be a number, got 'low'",
        ),
        (
            lambda trial: trial.checkpoint("no such folder"),
            (
                "a checkpoint is a folder with what is needed to go on, got 'no such folder'; save "
                "into a folder, and write trial.checkpoint(folder)"
            ),
        ),
        (
            lambda trial: trial.report(1, 0.5),
            (
                "Trial.report: too many positional arguments; it takes (update, **metrics), write "
                "trial.report(update, loss=loss.item())"
            ),
        ),
        (
            lambda trial: trial.report(),
            (
                "Trial.report: missing a required argument: 'update'; it takes (update, "
                "**metrics), write trial.report(update, loss=loss.item())"
            ),
        ),
        (
            lambda trial: trial.checkpoint(""),
            (
                "a checkpoint is a folder with what is needed to go on, got ''; save into a "
                "folder, and write trial.checkpoint(folder)"
            ),
        ),
        (
            lambda trial: trial.checkpoint(None),
            "a checkpoint is read from the path of a file, got None",
        ),
    ],
)
def test_what_a_trial_cannot_keep_is_refused(call, text, tmp_path):
    trial = Trial(tmp_path)
    with pytest.raises(PassoError) as caught:
        call(trial)
    assert str(caught.value) == text
    assert trial.reports == []
    assert trial.latest is None


@pytest.mark.parametrize("given", ["run", "", "run/../run", "link"])
def test_a_checkpoint_of_the_folder_that_it_is_kept_in_is_refused_and_copies_nothing(
    given, tmp_path
):
    trial = Trial(tmp_path / "run")
    (tmp_path / "link").symlink_to(tmp_path / "run")
    (trial.folder / "state.txt").write_text("at 50")
    with pytest.raises(PassoError) as caught:
        trial.checkpoint(tmp_path / given)
    assert str(caught.value) == (
        f"the copy of a checkpoint is kept in {str(trial.folder)!r}, which is in the folder "
        f"{str(tmp_path / given)!r} itself; save into a folder in it, and write "
        'trial.checkpoint(trial.folder / "state")'
    )
    assert [each.name for each in trial.folder.iterdir()] == ["state.txt"]
    saved(trial.folder / "state", "at 50")
    trial.checkpoint(trial.folder / "state")
    assert (trial.latest / "state.txt").read_text() == "at 50"
