"""The store: nothing added is lost, nothing torn is read, and nobody else writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passo import Constant, PassoError, Run, compare, steps
from passo.sweep import Journal

HEAD = {"train": "train.py:train", "run": "Run(steps(10))"}
OTHER = "give another store, store='another.journal'"


def test_what_was_added_is_there_in_order_also_what_is_not_finite(tmp_path):
    path = tmp_path / "a.journal"
    with Journal(path, "compare", HEAD) as journal:
        journal.add({"seed": 0, "loss": 0.5})
        journal.add({"seed": 1, "loss": float("nan")})
        assert journal.folder == tmp_path / "a.journal.runs"
    with Journal(path, "compare", HEAD) as journal:
        assert journal.lines == [{"seed": 0, "loss": 0.5}, {"seed": 1, "loss": "nan"}]
        journal.add({"seed": 2, "loss": 0.1})
    with Journal(path, "compare", HEAD) as journal:
        assert [line["seed"] for line in journal.lines] == [0, 1, 2]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("store") / "whole.journal"
    with Journal(path, "compare", HEAD) as journal:
        for seed in range(3):
            journal.add({"seed": seed, "loss": 0.5})
    return path.read_bytes()


@given(cut=st.integers(0, 400))
def test_a_file_cut_anywhere_keeps_every_whole_line_and_goes_on(cut, whole, tmp_path_factory):
    path = tmp_path_factory.mktemp("cut") / "cut.journal"
    path.write_bytes(whole[:cut])
    kept = max(0, whole[:cut].count(b"\n") - 1)
    with Journal(path, "compare", HEAD) as journal:
        assert [line["seed"] for line in journal.lines] == list(range(kept))
        journal.add({"seed": 9, "loss": 0.5})
    with Journal(path, "compare", HEAD) as journal:
        assert [line["seed"] for line in journal.lines] == [*range(kept), 9]


def written(path, *lines):
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            [{"passo": "compare", "version": 1, **HEAD, "run": "Run(steps(20))"}],
            "{path} is of another compare: there run is 'Run(steps(20))', here 'Run(steps(10))'; "
            + OTHER,
        ),
        (
            [{"passo": "compare", "version": 0, **HEAD}],
            "{path} has version 0 of the store, and this passo has 1; go on with the passo that "
            "wrote it, or " + OTHER,
        ),
        (
            [{"passo": "tune", "version": 1, **HEAD}],
            "{path} is of 'tune', and this is 'compare'; " + OTHER,
        ),
        ([{"seed": 0}], "{path} is no store of passo; " + OTHER),
        ([[1, 2]], "{path} is no store of passo; " + OTHER),
    ],
)
def test_a_store_of_something_else_is_refused_and_left_as_it_is(lines, text, tmp_path):
    path = written(tmp_path / "a.journal", *lines)
    before = path.read_bytes()
    with pytest.raises(PassoError) as caught, Journal(path, "compare", HEAD):
        pass
    assert str(caught.value) == text.replace("{path}", repr(str(path)))
    assert path.read_bytes() == before


def test_a_line_damaged_in_the_middle_is_named(tmp_path):
    path = tmp_path / "a.journal"
    with Journal(path, "compare", HEAD) as journal:
        journal.add({"seed": 0})
    with path.open("a") as file:
        file.write('{"seed": \n{"seed": 2}\n')
    with pytest.raises(PassoError) as caught, Journal(path, "compare", HEAD):
        pass
    assert str(caught.value) == (
        f"{str(path)!r} is damaged in line 3: Expecting value: line 1 column 10 (char 9); take "
        "that line out, and its run is made again"
    )
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:2] + lines[3:]))
    with Journal(path, "compare", HEAD) as journal:
        assert journal.lines == [{"seed": 0}, {"seed": 2}]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (
            [1, 2],
            (
                "the result must be a mapping with plan, text, base, seed, loss, metrics, failed, "
                "seconds, got [1, 2]"
            ),
        ),
        ({}, "the result lacks plan, text, base, seed, loss, metrics, failed, seconds, got {}"),
        ({"base": "x"}, "the result.base must be a number, got 'x'"),
        ({"seed": []}, "the result.seed must be a whole number of at least 0, got []"),
        ({"loss": None}, 'the result.loss needs a number, "nan", "inf" or "-inf", got None'),
        ({"metrics": []}, "the result.metrics must be a mapping from strings, got []"),
        ({"failed": None}, "the result.failed must be a string, got None"),
    ],
)
def test_a_line_that_is_no_result_is_named_and_made_again_when_it_is_taken_out(
    line, text, tmp_path
):
    path = tmp_path / "a.journal"

    def made(plan, run, seed, trial):
        return seed + plan.on(run)(0)

    def again():
        plans = {"low": Constant(0.1), "high": Constant(0.3)}
        return compare(made, plans, Run(steps(9)), seeds=2, store=path, progress=False)

    first = again()
    lines = path.read_text().splitlines(keepends=True)
    is_part = isinstance(line, dict) and line
    wrong = {**json.loads(lines[1]), **line} if is_part else line
    path.write_text("".join([lines[0], json.dumps(wrong) + "\n", *lines[2:]]))
    with pytest.raises(PassoError) as caught:
        again()
    assert str(caught.value) == (
        f"{str(path)!r} is damaged in line 2: {text}; take that line out, and its run is made again"
    )
    path.write_text("".join([lines[0], *lines[2:]]))
    assert again().losses("low") == first.losses("low")


def test_a_store_in_use_by_another_process_is_refused_and_free_when_that_is_killed(tmp_path):
    path = tmp_path / "a.journal"
    code = (
        "import sys, time; from passo.sweep import Journal\n"
        f"with Journal({str(path)!r}, 'compare', {{}}):\n"
        "    print('open', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"open\n"
        with pytest.raises(PassoError) as caught, Journal(path, "compare", {}):
            pass
        assert str(caught.value) == (
            f"{str(path)!r} is in use by another process; wait until that is done, or {OTHER}"
        )
    finally:
        other.kill()
        other.communicate()
    with Journal(path, "compare", {}) as journal:
        assert journal.lines == []


def test_where_nothing_can_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "a.journal"
    with pytest.raises(PassoError) as caught, Journal(path, "compare", {}):
        pass
    assert str(caught.value) == (
        f"cannot write {str(path)!r}: Not a directory; give a path in a folder that can be written "
        "to"
    )
    with pytest.raises(PassoError) as caught, Journal("/proc/a.journal", "compare", {}):
        pass
    assert str(caught.value) == (
        "cannot write '/proc/a.journal': No such file or directory; give a path in a folder that "
        "can be written to"
    )


def test_a_folder_that_is_not_there_is_made(tmp_path):
    with Journal(tmp_path / "new" / "a.journal", "compare", {}) as journal:
        journal.add({"seed": 0})
    assert (tmp_path / "new" / "a.journal").is_file()


def test_a_folder_is_no_store(tmp_path):
    with pytest.raises(PassoError) as caught, Journal(tmp_path, "compare", {}):
        pass
    assert str(caught.value) == (
        f"{str(tmp_path)!r} is a folder, and a file is written; give the path of a file in it"
    )
    assert not tmp_path.with_name(f"{tmp_path.name}.lock").exists()


def test_a_line_is_on_the_disk_when_it_is_added(tmp_path, monkeypatch):
    path, kept = tmp_path / "a.journal", []
    monkeypatch.setattr(os, "fsync", lambda number: kept.append(os.fstat(number).st_size))
    with Journal(path, "compare", HEAD) as journal:
        journal.add({"seed": 0})
        assert kept[-1] == path.stat().st_size
        assert path.read_bytes().endswith(b'{"seed": 0}\n')


def test_what_the_head_of_a_store_has_more_is_another_store(tmp_path):
    head = {"passo": "compare", "version": 1, **HEAD, "budget": "tokens"}
    path = written(tmp_path / "a.journal", head)
    with pytest.raises(PassoError) as caught, Journal(path, "compare", HEAD):
        pass
    assert str(caught.value) == (
        f"{str(path)!r} is of another compare: there budget is 'tokens', here None; {OTHER}"
    )


def test_the_head_is_what_the_store_was_begun_with(tmp_path):
    path = tmp_path / "a.journal"
    for number in range(2):
        given = {**HEAD, "code": number}
        with Journal(path, "compare", given, lambda _found, _head: None) as journal:
            assert journal.head == {**HEAD, "code": 0}
