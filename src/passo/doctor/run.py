"""A script as `python SCRIPT args` would run it, with a Recorder listening."""

from __future__ import annotations

import os
import runpy
import signal
import sys
import tempfile
import threading
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from passo.doctor import children
from passo.ground.errors import PassoError
from passo.optim.recorder import EnoughUpdates, Recorder
from passo.optim.recorder.loops import leaves
from passo.optim.recorder.source import HIDDEN
from passo.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from passo.optim.recorder.record import How

INTERRUPTED: Final = -signal.SIGINT
TERMINATED: Final = -signal.SIGTERM
LOGS: Final = frozenset({".csv", ".ipynb", ".json", ".log", ".tsv", ".txt"})  # some parse as Python
_RUNPY: Final = "runpy"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a script's run gave: the traces of each process, and the status to end with.

    A negative status is the signal that Python would die by. `how` says what ended the run,
    `backward` how often anything went backward in it.
    """

    ranks: tuple[tuple[Trace, ...], ...]
    status: int = 0
    how: How = "end"
    backward: int = 0

    @property
    def traces(self) -> tuple[Trace, ...]:
        """Those of the first process that made an update; of the first one where none did."""
        first = next(iter(self.ranks), ())
        return next((each for each in self.ranks if any(t.updates for t in each)), first)


def run_script(
    target: str,
    arguments: Sequence[str] = (),
    *,
    module: bool = False,
    most: int | None = None,
    folder: Path | None = None,
    dying: Callable[[Outcome], object] | None = None,
) -> Outcome:
    """Runs a file, or with `module` what `python -m` would; errors are shown as Python shows them.

    `most` ends the run after so many updates. `folder` keeps the traces, as files. With `dying`
    a SIGTERM that the script does not handle is told what the run gave, and then kills as ever.
    Raises `PassoError` where there is no such script, or a log or a notebook in its place.
    """
    if not module and not Path(target).is_file():
        msg = f"there is no script {target!r}; write passo doctor train.py, or -m package"
        raise PassoError(msg)
    if not module and Path(target).suffix.lower() in LOGS:
        msg = (
            f"{target!r} is neither a script nor a trace; write passo doctor train.py, or passo "
            "doctor run.jsonl with what attach(..., record='run.jsonl') recorded"
        )
        raise PassoError(msg)
    with tempfile.TemporaryDirectory(prefix="passo-doctor-") as shelf:
        recorder = Recorder(folder, most=most)
        place = Path(shelf) if folder is None else folder
        kept = sys.argv, list(sys.path), sys.modules.get("__main__")
        recorder.start()
        end = End("error", 1)
        try:
            with children.followed(place, recorder.prefix, most), _mortal(recorder, place, dying):
                end = _run(target, [target, *arguments], module=module)
        finally:
            sys.argv, sys.path[:], main = kept
            if main is not None:
                sys.modules["__main__"] = main
            recorder.stop(end.how, left=end.left)
        return _outcome(recorder, place, end)


class End(NamedTuple):
    """How a script ended, the status that Python would give back, whether a loop was left."""

    how: How
    status: int
    left: bool = False


def _outcome(recorder: Recorder, place: Path, end: End) -> Outcome:
    own = tuple(recorder.traces())
    others = children.gathered(place, f"{recorder.prefix}process")
    ranks = (own, *others) if any(trace.updates for trace in own) or not others else others
    return Outcome(ranks, end.status, end.how, recorder.backward)


@contextmanager
def _mortal(
    recorder: Recorder, place: Path, dying: Callable[[Outcome], object] | None
) -> Iterator[None]:
    """While this is open, SIGTERM tells what the run gave before it kills.

    Nothing of the script runs then that would not run without the doctor, no `finally` and no exit
    handler. A script with a handler of its own keeps it; its children have none of ours.
    """
    free = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if dying is None or not free or threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = os.getpid()

    def die(_number: int, _frame: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            if os.getpid() == ours:
                end = End("terminated", TERMINATED)
                recorder.stop(end.how)
                dying(_outcome(recorder, place, end))
        except Exception:  # noqa: BLE001 (it is shown, and we die all the same)
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.kill(os.getpid(), signal.SIGTERM)

    def forked() -> None:
        if signal.getsignal(signal.SIGTERM) is die:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, die)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forked)
    try:
        yield
    finally:
        forked()


def _run(target: str, argv: list[str], *, module: bool) -> End:
    """How it ended; a status other than 0 is an error, and 0 from inside a loop as a `break`."""
    sys.argv = argv
    hook = sys.excepthook
    try:
        _as_main(target, module=module)
    except EnoughUpdates:
        return End("limit", 0)
    except SystemExit as error:
        status = _status(error)
        left = not status and leaves(error.__traceback__)
        return End("exit" if status else "end", status, left)
    except KeyboardInterrupt as error:
        _show(error, hook)
        return End("interrupt", INTERRUPTED)
    except BaseException as error:  # noqa: BLE001 (whatever a script raises is shown)
        _show(error, hook)
        return End("error", 1)
    return End("end", 0)


def _as_main(target: str, *, module: bool) -> None:
    """The script's own frames begin below this one."""
    if module:
        sys.path[0] = str(Path.cwd())
        runpy.run_module(target, run_name="__main__", alter_sys=True)
        return
    path = Path(target).absolute()
    sys.path[0] = str(path.resolve().parent)
    main = ModuleType("__main__")
    main.__dict__.update(__file__=str(path), __builtins__=__builtins__, __cached__=None)
    sys.modules["__main__"] = main
    code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    exec(code, main.__dict__)  # noqa: S102 (running a script is what this is for)


def _status(error: SystemExit) -> int:
    if error.code is None or isinstance(error.code, int):
        return error.code or 0
    print(error.code, file=sys.stderr)  # noqa: T201
    return 1


def _show(error: BaseException, hook: Any) -> None:
    """The traceback as usual: from the script on, without the frames that listen."""
    if sys.excepthook is not hook:  # the script has one of its own
        sys.excepthook(type(error), error, error.__traceback__)
        return
    report = traceback.TracebackException.from_exception(error)
    seen: list[Any] = [report]
    while seen:
        each = seen.pop()
        if each is not None:
            kept = [f for f in each.stack if f.filename != HIDDEN and not _is_ours(f.filename)]
            each.stack = traceback.StackSummary.from_list(kept)
            seen += [each.__cause__, each.__context__]
    sys.stderr.write("".join(report.format()))


def _is_ours(filename: str) -> bool:
    return (
        filename == __file__
        or filename.startswith("<frozen runpy")
        or (
            os.path.basename(filename) == f"{_RUNPY}.py"  # noqa: PTH119
        )
    )
