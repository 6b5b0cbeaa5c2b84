"""What moves a Scheduler to another update or state, wholly or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.optim.ground.undo import of_fields, of_objects
from passo.optim.scheduler import resume
from passo.optim.scheduler.plan import holders

if TYPE_CHECKING:
    from collections.abc import Callable

    from passo.optim.scheduler.cooling import CoolDown
    from passo.optim.scheduler.driver import Groups
    from passo.optim.scheduler.engine import Engine
    from passo.optim.scheduler.state import Saved


def as_it_is(engine: Engine) -> Callable[[], None]:
    """A function that makes the engine what it is now, whatever it was told meanwhile.

    Hooks and fields are the optimizer's, and what a trace's file holds stays there.
    """
    engine.settle()
    held = of_objects(engine)

    def go_on() -> None:
        held()
        if engine.still is not None:
            engine.still.begin(engine.driver.known)

    return go_on


def undoing(engine: Engine, groups: Groups) -> Callable[[], None]:
    """A function that makes engine, file and fields what they are now."""
    held, fields = as_it_is(engine), of_fields(groups, holders(engine.plan))
    file = None if engine.journal is None else engine.journal.keep()

    def undo() -> None:
        if file is not None:
            file()
        held()
        fields()

    return undo


def load(engine: Engine, groups: Groups, saved: Saved, course: resume.Course | None = None) -> None:
    """Go on from a state, in the way that was foreseen, if it was."""
    undo = undoing(engine, groups)
    try:
        engine.look(groups)
        parent = resume.load(engine, saved, groups, course)
        come(engine)
        engine.driver.forget_used()
        engine.write(groups)
        if engine.journal is not None:
            engine.journal.tell("load", **({} if parent is None else {"parent": parent}))
    except BaseException:
        undo()
        raise
    _heard(engine)


def come(engine: Engine) -> None:
    """A state came: what was trained before is known."""
    engine.under_way, engine.doubt, engine.passed_over = False, "", None
    engine.promises.settle("older", engine.settings.part)


def seek(engine: Engine, groups: Groups, update: int) -> None:
    """The next update is that one."""
    undo = undoing(engine, groups)
    try:
        if engine.journal is not None:
            engine.journal.wind(groups, update)
        engine.clock.move(update)
        engine.promises.settle("older")
        engine.driver.moved()
        engine.write(groups)
        if engine.journal is not None:
            engine.journal.tell("seek")
    except BaseException:
        undo()
        raise
    _heard(engine)


def cool(engine: Engine, groups: Groups, event: CoolDown) -> None:
    """A cooldown begins."""
    undo = undoing(engine, groups)
    try:
        engine.cool(event, groups)
    except BaseException:
        undo()
        raise


def _heard(engine: Engine) -> None:
    """Who listens hears that the clock was moved: of several, the most advanced one."""
    if engine.audience is not None:
        lead = engine if engine.company is None else engine.company.lead
        engine.audience.moved(lead.clock.updates)
