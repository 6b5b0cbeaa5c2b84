"""What files, numbers and calls advise, whichever room they are read in."""

from __future__ import annotations

import os
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

from passo import Linear, RangeTest, Run, attach, percent, steps
from passo.ground.files import followed, refuse_written_over, replacing
from passo.ground.schema import parsed, plain
from passo.trace import Report, TraceWriter
from tests.advice.table import Table, Told

tried = Table(
    RangeTest=RangeTest,
    TraceWriter=TraceWriter,
    followed=followed,
    parsed=parsed,
    plain=plain,
    loader=range(391),
)


@tried('{} as text must be a fraction such as "1/3", got {}')
def an_amount_as_text_is_a_fraction(told: Told) -> None:
    for given in ("a third", "1/0", "1e3"):
        (made,) = told(f"steps({given!r})").put("steps(@)", verb="such as")
        assert made == steps(Fraction(1, 3))


@tried("{}: {} {} takes ({}), write {}")
def a_wrong_call_is_shown_a_right_one(told: Told) -> None:
    assert told("Run.of(391, 90)").put("@.updates") == [35_190]
    (made, other) = told("Run()").put("@")
    assert made.updates == other.updates == 35_190


def a_file(name: str) -> None:
    """The file of a range test."""
    RangeTest((0.1, 0.2), ((1.0, 0.5),)).write(name)


@tried("{} is a link that leads back to itself; give another file")
def a_link_in_a_circle(told: Told) -> None:
    Path("here").symlink_to("there")
    Path("there").symlink_to("here")
    told("followed('here')").words("give another file")
    with replacing("another") as file:
        file.write(b"whole")
    assert Path("another").read_bytes() == b"whole"


@tried("{} is {}, and {} is read from a plain file; give one")
def what_is_read_is_a_plain_file(told: Told) -> None:
    Path("folder").mkdir()
    os.mkfifo("fifo")
    a_file("plain")
    for name, kind in (("folder", "a folder"), ("fifo", "a FIFO"), ("/dev/zero", "a device")):
        told(f"RangeTest.load({name!r})").words(kind, "give one")
    assert RangeTest.load("plain").losses == (1.0, 0.5)


@tried("{} holds {} bytes, and {} is read up to {}; give the file that was meant")
def what_is_read_is_not_larger_than_it_can_be(told: Told) -> None:
    with Path("large").open("wb") as file:
        file.truncate(1 << 30)
    a_file("meant")
    told("RangeTest.load('large')").words("give the file that was meant")
    assert RangeTest.load("meant").losses == (1.0, 0.5)


@tried("{} is not text in UTF-8: byte {} is 0x{}; save it as UTF-8")
def a_text_of_another_code_is_saved_anew(told: Told) -> None:
    a_file("meant")
    text = Path("meant").read_text("utf-8").replace('"lr"', '"größe"')
    Path("meant").write_text(text, "latin-1")
    told("RangeTest.load('meant')").words("save it as UTF-8")
    Path("meant").write_text(Path("meant").read_text("latin-1"), "utf-8")
    assert RangeTest.load("meant").key == "größe"


@tried("a trace holds plain JSON only, got {}; write its repr or its parts")
def what_a_trace_holds_is_plain(told: Told) -> None:
    case = "TraceWriter(path, [(0, 'lr')], meta={'warmup': value})"
    text = told(case, path="a.jsonl", value=percent(5))
    text.words("its repr", "its parts")
    for value in (repr(percent(5)), percent(5).to_spec()):
        assert plain({"warmup": value}) == {"warmup": value}


@tried('{} is not JSON; write "nan", "inf" or "-inf"')
def what_is_not_finite_is_a_string(told: Told) -> None:
    for given, code in (("NaN", '"nan"'), ("Infinity", '"inf"'), ("-Infinity", '"-inf"')):
        text = told(f"parsed('[{given}]')")
        assert code in text.code()
    assert [parsed(code) for code in text.code()] == ["nan", "inf", "-inf"]
    assert Report.of(3, {"loss": parsed('"-inf"')}).metrics == (("loss", float("-inf")),)


@tried("a file is written to the path of a file, got {}; give it a name")
def a_file_has_a_name(told: Told) -> None:
    told("followed('')").words("give it a name")
    assert followed("note.txt").name == "note.txt"


@tried("{} is a folder, and a file is written; give the path of a file in it")
def a_folder_is_no_file(told: Told) -> None:
    def written(path: str) -> None:
        with replacing(path) as file:
            file.write(b"whole")

    Path("there").mkdir()
    told(lambda: written("there")).words("the path of a file in it")
    written("there/note.txt")
    assert Path("there/note.txt").read_bytes() == b"whole"


@tried("{} is {}, and a plain file is written; give the path of one")
def what_is_written_is_a_plain_file(told: Told) -> None:
    os.mkfifo("fifo")
    told("followed('fifo')").words("give the path of one")
    assert followed("plain") == Path("plain")


@tried("{} is given for two results; give each a file of its own")
def results_are_in_files_of_their_own(told: Told) -> None:
    told(lambda: refuse_written_over(["a", "a"])).words("give each a file of its own")
    refuse_written_over(["a", "b"])


@tried("{} is read here, and a result would replace it; give another file")
def what_is_read_stays(told: Told) -> None:
    told(lambda: refuse_written_over(["run"], ["run"])).words("give another file")
    refuse_written_over(["another"], ["run"])


@tried("cannot write {}: its name is too long; give a shorter one")
def a_name_that_is_too_long(told: Told) -> None:
    told("followed('x' * 300)").words("give a shorter one")
    assert followed("x" * 200) == Path("x" * 200)


@tried("{} wants a callback, got {}; write {}, with Passo from passo.integrations.{}")
def a_callback_is_made_of_the_plan(told: Told) -> None:
    pytest.importorskip("skorch")
    from skorch import NeuralNetRegressor

    line, given = Linear(1, 0), torch.ones(2, 1)

    def used(callbacks: list[Any]) -> list[list[float]]:
        quiet = {"train_split": None, "verbose": 0, "batch_size": 1, "max_epochs": 1}
        net = NeuralNetRegressor(torch.nn.Linear(1, 1), callbacks=callbacks, **quiet)
        made: list[list[float]] = net.fit(given, given).history[:, "batches", :, "event_lr"]
        return made

    text = told(lambda: used([line]))
    made = import_module(text.quoted(r"from (\S+)$")).Passo
    names = {"Passo": made, "plan": line, "used": used}
    (code,) = text.code(**names)
    assert eval(f"used({code.removeprefix('callbacks=')})", names) == [[1.0, 0.5]]


@tried(
    "{} is a number as a function of time, and has no {}; write attach(optimizer, plan, run), "
    "which answers with a Scheduler"
)
def a_schedule_is_attached(told: Told) -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    names = {"optimizer": optimizer, "plan": Linear(1, 0), "run": Run(steps(4)), "attach": attach}
    (made,) = told("plan.get_last_lr()", **names).put("@.get_last_lr()", **names)
    assert made == [1.0]


@tried("{} never changes, so that {} cannot be set; write a new one")
def a_value_is_written_anew(told: Told) -> None:
    run = Run(steps(4))
    told(lambda: setattr(run, "length", steps(5))).words("write a new one")
    assert (run.updates, Run(steps(5)).updates) == (4, 5)
