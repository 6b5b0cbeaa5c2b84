"""Files that somebody else made: no plain file, too large, or no text. Issue 12, kind 5."""

from __future__ import annotations

import errno
import os
import re
import stat
from io import FileIO

import pytest

from passo import PassoError
from passo.ground.files import (
    append,
    reading,
    refuse_unwritable,
    refuse_written_over,
    replacing,
    text_in,
)
from passo.ground.schema import parsed
from passo.trace import RangeTest, Trace, TraceWriter

READERS = (Trace.load, RangeTest.load)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFO here")
@pytest.mark.parametrize("read", READERS)
def test_a_fifo_is_refused_and_not_waited_for(tmp_path, read):
    os.mkfifo(path := str(tmp_path / "fifo"))
    what = "a trace" if read == Trace.load else "a range test"
    text = f"{path!r} is a FIFO, and {what} is read from a plain file; give one"
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        read(path)


@pytest.mark.parametrize("read", READERS)
def test_a_folder_is_refused(tmp_path, read):
    with pytest.raises(PassoError, match=r"is a folder, and a (trace|range test) is read from"):
        read(tmp_path)


@pytest.mark.parametrize("read", READERS)
def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path, read):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")


def test_a_file_that_is_too_large_is_refused_unread(tmp_path):
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(1 << 33)
    text = (
        f"{str(path)!r} holds 8,589,934,592 bytes, and a range test is read up to 16,777,216; "
        "give the file that was meant"
    )
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        RangeTest.load(path)
    with pytest.raises(PassoError, match="a trace is read up to 4,294,967,296"):
        Trace.load(path)


def test_text_that_is_not_utf_8_is_refused_with_its_first_odd_byte(tmp_path):
    path = tmp_path / "plan.txt"
    path.write_bytes("Constant(0.1)".encode("utf-16"))
    text = f"{str(path)!r} is not text in UTF-8: byte 0 is 0xff; save it as UTF-8"
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        text_in(path, "a plan", 100)
    path.write_text("Constant(0.1)", "utf-8")
    assert text_in(path, "a plan", 100) == "Constant(0.1)"


def test_a_mark_before_the_text_is_no_part_of_it(tmp_path):
    path = tmp_path / "file"
    Trace(3).write(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert Trace.load(path) == Trace(3)
    RangeTest((0.1,), ((1.0,),)).write(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert RangeTest.load(path) == RangeTest((0.1,), ((1.0,),))


def test_a_link_stays_and_what_it_points_to_is_replaced(tmp_path):
    link, target = tmp_path / "link", tmp_path / "target"
    link.symlink_to("target")
    with TraceWriter(link, [(0, "lr")]) as writer:
        writer.update(0, [0.1])
    with replacing(link) as file:
        file.write(target.read_bytes())
    assert link.is_symlink()
    assert Trace.load(target).used() == ([0], [0.1])


def test_a_link_that_leads_to_itself_is_refused(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(link)
    text = f"{str(link)!r} is a link that leads back to itself; give another file"
    with pytest.raises(PassoError, match=f"^{re.escape(text)}$"):
        TraceWriter(link, [(0, "lr")])


def test_a_device_is_refused():
    with pytest.raises(PassoError, match="is a device, and a note is read from a plain file"):  # noqa: SIM117
        with reading(os.devnull, "a note", 10):
            pass


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "b": 2, "a": 3}', "'a' is there twice"),
        ("[NaN]", 'NaN is not JSON; write "nan", "inf" or "-inf"'),
        ("[" * 100_000, "it is nested too deep"),
        ("x", "Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_what_is_no_json_is_refused_in_words(text, why):
    with pytest.raises(PassoError, match=f"^{re.escape(why)}$"):
        parsed(text)


REFUSED = {
    "no/a.png": "cannot write 'no/a.png': there is no folder 'no'; make it first",
    "file/a.png": (
        "cannot write 'file/a.png': Not a directory; give a path in a folder that can be written to"
    ),
    "file/no/a.png": (
        "cannot write 'file/no/a.png': Not a directory; give a path in a folder that can be "
        "written to"
    ),
    "new/": "'new/' is a folder, and a file is written; give the path of a file in it",
    "fifo": "'fifo' is a FIFO, and a plain file is written; give the path of one",
    "socket": "'socket' is a socket, and a plain file is written; give the path of one",
    "to the fifo": "'to the fifo' is a FIFO, and a plain file is written; give the path of one",
    os.devnull: f"{os.devnull!r} is a device, and a plain file is written; give the path of one",
    "folder": "'folder' is a folder, and a file is written; give the path of a file in it",
    "x" * 300: f"cannot write '{'x' * 56}...: its name is too long; give a shorter one",
    "x" * 240: f"cannot write '{'x' * 56}...: its name is too long; give a shorter one",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_not_be_written_after_the_work_is_refused_before_it(name, tmp_path, monkeypatch):
    """Issue 19."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo("fifo")
    os.mknod("socket", stat.S_IFSOCK | 0o600)
    (tmp_path / "to the fifo").symlink_to("fifo")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(PassoError) as caught:
        refuse_unwritable(name)
    assert str(caught.value) == REFUSED[name]
    if name != os.devnull:  # whoever may do that would replace the one of this machine
        with pytest.raises((PassoError, OSError)), replacing(name):
            pass
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("written", "read", "text"),
    [
        (["a", "b", "./a"], [], "'./a' is given for two results; give each a file of its own"),
        (["a"], ["b", "a"], "'a' is read here, and a result would replace it; give another file"),
        (["to a"], ["a"], "'to a' is read here, and a result would replace it; give another file"),
    ],
)
def test_no_result_goes_over_another_or_over_what_is_read(
    tmp_path, monkeypatch, written, read, text
):
    """Issue 19."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "to a").symlink_to("a")
    refuse_written_over(["a", "b"], ["c", "c"])
    with pytest.raises(PassoError) as caught:
        refuse_written_over(written, read)
    assert str(caught.value) == text


def test_asking_whether_a_file_can_be_written_leaves_all_as_it_was(tmp_path):
    path = tmp_path / "a.png"
    refuse_unwritable(path)
    assert list(tmp_path.iterdir()) == []
    path.write_text("mine")
    refuse_unwritable(path)
    assert path.read_text() == "mine"


class Full(FileIO):
    """A file on a disk that has room for three more bytes."""

    room = 3

    def write(self, data):
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = super().write(data[: self.room])
        self.room -= written
        return written


def test_what_a_full_disk_takes_a_part_of_is_not_there_at_all(tmp_path):
    path = tmp_path / "log.csv"
    path.write_bytes(b"update,name,value\n")
    with Full(path, "ab") as file, pytest.raises(OSError, match="No space left"):
        append(file, b"0,lr,0.1\n")
    assert path.read_bytes() == b"update,name,value\n"
