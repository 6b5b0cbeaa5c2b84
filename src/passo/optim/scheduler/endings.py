"""When a run ends, and what is said then: at `detach()`, with its optimizer, with the process."""

from __future__ import annotations

import dis
import sys
import weakref
from typing import TYPE_CHECKING, Any, Final

from passo.optim.scheduler import broken

if TYPE_CHECKING:
    from types import FrameType

    from passo.optim.scheduler.engine import Engine
    from passo.optim.scheduler.promises import Word

_CAUGHT: Final = dis.opmap["POP_EXCEPT"]
_CLEANS_UP: Final = 4  # instructions that forget an exception after it was caught
_WORD: Final = 2  # bytes of an instruction


def watch(engine: Engine, owner: Any) -> None:
    """Look at this engine when `owner` (its optimizer) is freed, or else when the process ends.

    Not a handler for the end of the process: in a function the optimizer is freed before. Python
    calls these finalizers at the end for whatever lives then.
    """
    engine.ending = weakref.finalize(owner, _end_by_itself, engine)


def forget(engine: Engine) -> None:
    """Look at it no more, and say nothing."""
    if engine.ending is not None:
        engine.ending.detach()
        engine.ending = None


def conclude(engine: Engine, because: str | None = None) -> None:
    """Say what is broken now that the run was ended by hand, `because` of something.

    After an exception nothing is said, but where a reason is given: there are trainers that stop
    by an exception of their own. Raises PassoError with strict=True.
    """
    if engine.ending is None:
        return
    forget(engine)
    if because is not None or not _fails(engine):
        engine.promises.say_at_the_end(_words(engine, because), by_itself=False)


def _end_by_itself(engine: Engine) -> None:
    """The optimizer is gone. In a session by hand that is no end: cells are run again."""
    if engine.company is not None:
        if not engine.company.is_the_last(engine):
            return
        engine = engine.company.lead
    if engine.promises.told:
        return  # by whoever asked for this, had the run ended as it should
    interactive = hasattr(sys, "ps1") or bool(sys.flags.interactive)
    if interactive or not engine.promises.at_home or _fails(engine) or _was_unwound():
        return
    engine.promises.say_at_the_end(_words(engine), by_itself=True)


def _words(engine: Engine, because: str | None = None) -> list[Word]:
    """All that is to be said, each now and not again."""
    promises, driver = engine.promises, engine.driver
    clock, settings = engine.clock, engine.settings
    found: list[Word] = []
    word = unseen(engine)
    if word is not None and promises.settles("no update"):
        found.append(word)
    word = broken.ended(settings, clock, driver, because)
    if word is not None and promises.settles("ended"):
        found.append(word)
    apart = None if engine.company is None else engine.company.apart()
    if apart is not None and promises.settles("apart"):
        found.append(apart)
    for metric, each in broken.unheard(driver, settings.caller, clock, promises):
        if promises.settles("unheard", metric):
            found.append(each)
    return found


def unseen(engine: Engine) -> Word | None:
    """That no update was ever seen, where something says that there were some."""
    still = None if engine.clock.made else engine.still
    signs = "" if still is None else still.signs(engine.driver.known)
    settings, driver = engine.settings, engine.driver
    if still is None or not signs:
        return None
    forgotten = still.is_forgotten(driver.known)
    return broken.no_update(settings, driver, engine.title, signs, forgotten=forgotten)


def _fails(engine: Engine) -> bool:
    """Whether an exception is under way that was not when this was attached.

    At the end of a process the exception that ended it is `sys.last_value`.
    """
    error: Any = sys.exc_info()[1] or getattr(sys, "last_value", None)
    return error is not None and id(error) != engine.promises.within


def _was_unwound() -> bool:
    """Whether the function that held the optimizer was left by an exception, now caught.

    Its frame lives as long as the exception does, and that is let go at the end of the `except`,
    when no exception is under way any more. What is left of it to see is the instruction at which
    the catching code stands.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__") in (__name__, weakref.__name__):
        frame = frame.f_back
    if frame is None:
        return False
    last = frame.f_lasti
    begin = max(last - _CLEANS_UP * _WORD, 0)
    return _CAUGHT in frame.f_code.co_code[begin : last + 1 : _WORD]
