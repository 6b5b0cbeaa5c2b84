"""What there is, and what is to be known of it."""

from __future__ import annotations

from passo.catalogue.like.registry import LIBRARIES, Library, in_order
from passo.ground.calls import called_like
from passo.ground.checks import brief
from passo.ground.errors import PassoError, closest


@called_like('like.remarks("transformers.cosine")')
def remarks(name: str) -> tuple[str, ...]:
    """What is to be known of a library's schedule: where it is odd, wrong, or ahead of the clock.

    `name` is the library's and the schedule's. Raises PassoError for one that there is not.

    >>> remarks("transformers.cosine_warmup_with_min_lr")[0]
    'Its clock is one ahead: update 0 uses 1 / num_warmup_steps of the rate.'
    """
    library, dot, schedule = name.partition(".") if isinstance(name, str) else ("", "", "")
    if not dot:
        found = [f"{each.name}.{name}" for each in in_order() if name in names(each.name)]
        example = found[0] if found else "transformers.cosine"
        msg = (
            f"remarks are of a library's schedule, got {brief(name)}; write "
            f'like.remarks("{example}")'
        )
        raise PassoError(msg)
    return _library(library).find(schedule).remarks


@called_like('like.names("transformers")')
def names(library: str) -> tuple[str, ...]:
    """Every name of the schedules of a library, aliases included.

    Raises PassoError for a library that is not here.

    >>> names("transformers")[:2]
    ('constant', 'get_constant_schedule')
    """
    return tuple(name for method in _library(library).methods for name in method.names)


def _library(name: str) -> Library:
    if not isinstance(name, str) or name not in LIBRARIES:
        hint = closest(name, LIBRARIES) if isinstance(name, str) else ""
        there = ", ".join(each.name for each in in_order())
        msg = f"like has no library {brief(name)}{hint or '.'} It has {there}"
        raise PassoError(msg)
    return LIBRARIES[name]
