"""The same call again, after a kill at the k-th thing that the first one did: for each k.

A thing is a line of passo, or a call of C that touches the disk (before it, and after it). A story
is a function of a folder, whose answer is compared with that of a call that nobody killed, as is
what lies in the folder. `python -m tests.kills MODULE:STORY` tries it; `killed` does that in a
process that has torch already. Besides `kill`, a file may be `cut` at a byte (the process dies in
the middle of a write) or the disk be `full` there (the write fails, and the call goes on or ends).

PASSO_KILLS says how many are tried of each story; 0 is every line, and each kind of call on it.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from pathlib import Path
from random import Random
from select import select
from types import FrameType, MappingProxyType
from typing import Any

from tests.warm import TORCH, python

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # sqlite waits for the disk otherwise
OURS = "/src/passo/"
FEW = os.environ.get("PASSO_KILLS")
MANY = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
PATIENCE = float(os.environ.get("PASSO_KILLS_PATIENCE", "40"))
# The functions of C that change what is on the disk, or who holds it.
DISK = frozenset(
    {"write", "writelines", "flush", "close", "__exit__", "open", "fsync", "truncate", "ftruncate"}
    | {"flock", "rename", "replace", "link", "symlink", "unlink", "remove", "rmdir", "mkdir"}
    | {"utime", "sendfile", "copy_file_range", "execute", "commit"}
)


@dataclass(frozen=True)
class Story:
    """What is killed, and what is done before it is called again.

    With `worker` the first process that it begins is killed, with `threads` all its threads count.
    `ignored` are the names of files that may be there or not.
    """

    act: Callable[[Path], Any]
    before_again: Callable[[Path], None] = lambda folder: None
    worker: bool = False
    threads: bool = False
    ignored: str = r"(?!)"


@dataclass
class Ended:
    """How a process ended: its answer, or why there is none."""

    status: int | None
    answer: Any = None
    failed: str = ""
    said: str = ""
    sites: list[str] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    died: bool = False


class Armed:
    """Counts what happens in this process, and kills it at the `at`-th; 0 only counts."""

    def __init__(self, at: int, grave: Path, sites: Any = None) -> None:
        self.at, self.grave, self.sites = at, grave, sites
        self.numbers = count(1)

    def begin(self, *, threads: bool = False) -> None:
        if threads:
            threading.settrace(self._called)
            threading.setprofile(self._asked)
        sys.setprofile(self._asked)
        sys.settrace(self._called)

    @staticmethod
    def end() -> None:
        sys.settrace(None)
        sys.setprofile(None)
        threading.settrace(None)  # type: ignore[arg-type]
        threading.setprofile(None)

    def _called(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if OURS in frame.f_code.co_filename else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self._happened(frame, "")
        return self._line

    def _asked(self, frame: FrameType, event: str, argument: Any) -> None:
        if event not in ("c_call", "c_return") or argument.__name__ not in DISK:
            return
        caller: FrameType | None = frame
        while caller is not None and OURS not in caller.f_code.co_filename:
            caller = caller.f_back
        if caller is not None:
            when = "before" if event == "c_call" else "after"
            self._happened(caller, f" {when} {argument.__name__}")

    def _happened(self, frame: FrameType, what: str) -> None:
        number = next(self.numbers)
        if self.sites is not None:
            name = frame.f_code.co_filename.partition(OURS)[2]
            self.sites.append(f"{name}:{frame.f_lineno}{what}")
        if number == self.at:
            self.grave.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def ended(
    story: Story, folder: Path, how: str = "", at: int = 0, *, counted: bool = False
) -> Ended:
    """The story in a process of its own, which dies at `at` by one of the ways."""
    reading, writing = os.pipe()
    with _folder() as kept:
        child = os.fork()
        if not child:
            os.close(reading)
            os.setsid()
            try:
                _play(story, folder, how, at, counted, writing, kept)
            except BaseException:  # noqa: BLE001 (it is told of)
                traceback.print_exc()
            finally:
                os._exit(99)
        os.close(writing)
        raw, status = _heard(reading, child)
        said = (kept / "said").read_text("utf-8", "replace")
        begun = [int(each.name) for each in (kept / "begun").iterdir()]
        died = (kept / "died").exists()
        left = _still_there(begun)
        for each in left:
            os.kill(each, signal.SIGKILL)
    found = Ended(status, said=said, left=left, died=died or bool(status and status < 0))
    if raw:
        told = json.loads(raw)
        found.answer, found.failed, found.sites = told["answer"], told["failed"], told["sites"]
    elif status is None:
        found.failed = "it never ended"
    elif not counted and how in ("", "full"):
        found.failed = f"it ended with {status}"
    return found


def _heard(reading: int, child: int) -> tuple[bytes, int | None]:
    """What the child says, and its status; None where it had to be ended."""
    until, raw = time.monotonic() + PATIENCE, b""
    while True:
        if not select([reading], [], [], max(0.0, until - time.monotonic()))[0]:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(reading)
            return b"", None
        more = os.read(reading, 1 << 16)
        raw += more
        if not more:
            os.close(reading)
            return raw, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _still_there(begun: list[int], patience: float = 10) -> list[int]:
    """Those of these processes that outlive the one that began them."""
    until = time.monotonic() + patience
    while begun := [each for each in begun if is_alive(each)]:
        if time.monotonic() > until:
            break
        time.sleep(0.01)
    return begun


def is_alive(process: int) -> bool:
    """Whether it goes on; what is dead and was not asked for does not."""
    with contextlib.suppress(OSError):
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return False


def _play(
    story: Story, folder: Path, how: str, at: int, counted: bool, writing: int, kept: Path
) -> None:
    """In the child: do it, and say what came of it."""
    said = os.open(kept / "said", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(said, 1)
    os.dup2(said, 2)
    faulthandler.dump_traceback_later(PATIENCE - 2, file=2)
    (kept / "begun").mkdir()
    sites = [] if counted else None
    listed = _Lines(kept / "sites") if counted and story.worker else sites
    armed = Armed(at if how == "kill" else 0, kept / "died", listed)
    _fork_workers(kept, armed if story.worker else None)
    told: dict[str, Any] = {"answer": None, "failed": "", "sites": sites}
    with _limited(how, at):
        if not story.worker:
            armed.begin(threads=story.threads)
        try:
            told["answer"] = story.act(folder)
            atexit._run_exitfuncs()  # type: ignore[attr-defined]
        except BaseException as error:  # noqa: BLE001 (it is told of)
            told["failed"] = "".join(traceback.format_exception(error))
        armed.end()
    sys.stderr.write(told["failed"])
    sys.stderr.flush()
    if counted and story.worker:
        told["sites"] = (kept / "sites").read_text().splitlines()
    with os.fdopen(writing, "w") as file:
        json.dump(told, file)
    os._exit(0)


@contextlib.contextmanager
def full(at: int) -> Iterator[None]:
    """No file grows beyond `at` bytes: a write takes what has room, and the next one fails."""
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (at, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


@contextlib.contextmanager
def _limited(how: str, at: int) -> Iterator[None]:
    """A full disk, or one on which who writes too much is killed after what has room."""
    if how == "cut":
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    with full(at) if how in ("cut", "full") else contextlib.nullcontext():
        yield


class _Lines:
    """A list in a file: who writes it may be killed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, line: str) -> None:
        with self._path.open("a") as file:
            file.write(f"{line}\n")


# -- processes that a story begins


class Forked:
    """What `subprocess.Popen` is to passo, of a fork that has imported all already."""

    def __init__(self, code: str, log: Path, marks: Any, kept: Path, armed: Armed | None) -> None:
        theirs, to = os.pipe()
        out, ours = os.pipe()
        self.returncode: int | None = None
        self.pid = os.fork()
        if not self.pid:
            Armed.end()
            os.setsid()
            os.dup2(theirs, 0)
            os.dup2(ours, 1)
            os.dup2(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND), 2)
            os.closerange(3, 256)
            (kept / "begun" / str(os.getpid())).touch()
            os.environ.update(marks)
            sys.stdin = os.fdopen(0)
            try:
                if armed is not None:
                    armed.begin(threads=True)
                exec(code, {})
                threading._shutdown()  # type: ignore[attr-defined]
            except SystemExit:
                pass
            except BaseException:  # noqa: BLE001 (it is told of)
                Armed.end()
                traceback.print_exc()
                os._exit(1)
            Armed.end()
            os._exit(0)
        os.close(theirs)
        os.close(ours)
        self.stdin, self.stdout = os.fdopen(to, "wb"), os.fdopen(out, "rb")

    def poll(self) -> int | None:
        if self.returncode is None:
            process, status = os.waitpid(self.pid, os.WNOHANG)
            if process:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def _fork_workers(kept: Path, armed: Armed | None) -> None:
    """The processes of passo are forked from this one; the first of them may be armed."""
    first = [armed]

    def begun(code: str, log: Path, marks: Any = MappingProxyType({})) -> Forked:
        return Forked(code, log, marks, kept, first.pop() if first else None)

    for name in ("crew", "searchers"):
        module = sys.modules.get(f"passo.sweep.{name}")
        if module is not None:
            module.begun = begun  # type: ignore[attr-defined]


# -- every k


def tried(story: Story, how: str, few: int) -> dict[str, Any]:
    """The story, killed here and there and called again; what was not as it should be.

    On a full disk it may end as it likes, but it ends.
    """
    with _folder() as folder:
        usual = ended(story, folder, counted=True)
        assert not usual.failed, usual.said
        sizes = [each.stat().st_size for each in folder.rglob("*") if each.is_file()]
        again = ended(story, folder)
        assert not again.failed, again.said
        names = _names(folder, story)
    places = _places(usual.sites, few) if how == "kill" else _bytes(max(sizes), few)
    wrong, died = [], 0
    for at in places:
        with _folder() as folder:
            first = ended(story, folder, how, at)
            died += first.died
            where = usual.sites[at - 1] if how == "kill" else f"byte {at}"
            story.before_again(folder)
            last = ended(story, folder)
            told = {
                "hang": first.status is None or last.status is None,
                "failed": last.failed[-1500:],
                "answer": "" if last.answer == again.answer else f"{last.answer}",
                "files": sorted(_names(folder, story) ^ names),
                "left": first.left + last.left,
            }
            if any(told.values()):
                found = {k: v for k, v in told.items() if v}
                wrong.append({"at": at, "where": where, **found, "first": first.said[-1500:]})
    counted = {"events": len(usual.sites), "places": len(set(usual.sites))}
    return {**counted, "tried": len(places), "died": died, "wrong": wrong}


def _places(sites: list[str], few: int) -> list[int]:
    """The numbers of the events to try: of each place the first one and the last one."""
    numbered = list(enumerate(sites, 1))
    every = sorted({at for way in (numbered, numbered[::-1]) for at in _once(way)})
    return sorted(Random(22).sample(every, min(few or len(every), len(every))))


def _once(numbered: list[tuple[int, str]]) -> list[int]:
    seen: dict[str, int] = {}
    for at, site in numbered:
        seen.setdefault(site, at)
    return list(seen.values())


def _bytes(most: int, few: int) -> list[int]:
    every = range(most)
    return sorted(Random(22).sample(every, min(few or 400, most)))


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    made = tempfile.mkdtemp(dir=MEMORY)  # no TemporaryDirectory: each fork would take it away
    try:
        yield Path(made)
    finally:
        shutil.rmtree(made)


def _names(folder: Path, story: Story) -> set[str]:
    """What lies in the folder."""
    every = (str(each.relative_to(folder)) for each in folder.rglob("*"))
    return {each for each in every if not re.search(story.ignored, each)}


# -- from a test


def killed(story: str, few: int, how: str = "kill") -> dict[str, Any]:
    """What comes of `few` kills of the story "tests.room.test_file:NAME", drawn with one seed."""
    many = few * (10 if MANY else 1) if FEW is None else int(FEW)
    process = python("-m", "tests.kills", story, how, str(many), imported=TORCH, timeout=3600)
    assert process.returncode == 0, process.stderr
    found: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return found


def main(place: str, how: str, few: str) -> None:
    module, _, name = place.partition(":")
    story = getattr(import_module(module), name)
    print(json.dumps(tried(story, how, int(few))))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
