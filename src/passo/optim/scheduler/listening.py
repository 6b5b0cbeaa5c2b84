"""Who listens to a plan begins and ends with all of its engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passo.optim.scheduler.audience import Audience

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passo.optim.scheduler.audience import Listener
    from passo.optim.scheduler.engine import Engine


def listen(listener: Listener, engines: Sequence[Engine], lead: Engine) -> None:
    """Tell it of each update from now on; raises PassoError, with nothing done, where it does."""
    audience = engines[0].audience
    if audience is None:
        audience = Audience(len(engines), lead.clock.updates, lead.company)
        for each in engines:
            audience.know(each.settings.part, each.name, each.driver)
        audience.know_values(lead.driver)
    listener.spots(audience.spots)
    audience.listeners.append(listener)
    for each in engines:
        each.audience = audience
        each.driver.usual = None  # the next step is looked at in full, and told of


def leave(listener: Listener, engines: Sequence[Engine]) -> None:
    """Tell it of nothing any more."""
    audience = engines[0].audience
    if audience is not None and listener in audience.listeners:
        audience.listeners.remove(listener)
        if not audience.listeners:
            for each in engines:
                each.audience, each.driver.usual = None, None


def dismiss(engines: Sequence[Engine]) -> None:
    """Nobody hears anything any more."""
    audience = engines[0].audience
    if audience is not None:
        audience.end()
        for each in engines:
            each.audience = None
