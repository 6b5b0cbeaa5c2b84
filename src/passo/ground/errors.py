"""Every error that passo raises and every warning that it gives.

PassoError (a ValueError)
  NeedsRun    a value was asked for before the spans had a run to be measured on
  NeedsBase   a value was asked for before `base` had a number
PassoWarning (a UserWarning)
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class PassoError(ValueError):
    """What was given cannot be used; the text says what was given, what is needed, what to write.

    >>> from passo import steps
    >>> steps(-3)
    Traceback (most recent call last):
    ...
    passo.PassoError: a span cannot be negative, got steps(-3)
    """

    __module__ = "passo"


class NeedsRun(PassoError):
    """A value was asked for while some span still waits for its run.

    >>> from passo import Cosine
    >>> Cosine(1, 0)(10)
    Traceback (most recent call last):
    ...
    passo.NeedsRun: 'rest' needs a run; write schedule.on(Run(...)) first
    """

    __module__ = "passo"


class NeedsBase(PassoError):
    """A value was asked for while `base` still waits for its number.

    >>> from passo import base
    >>> (0.1 * base)(0)
    Traceback (most recent call last):
    ...
    passo.NeedsBase: 'base' has no value yet; write schedule.with_base(0.1)
    """

    __module__ = "passo"


class PassoWarning(UserWarning):
    """Something is probably not what was meant; a category of its own, so that no filter hides it.

    >>> issubclass(PassoWarning, UserWarning)
    True
    """

    __module__ = "passo"


# doctest looks for examples in what calls this module its own, and these call themselves `passo`.
__test__ = {each.__name__: each for each in (PassoError, NeedsRun, NeedsBase, PassoWarning)}


def words_of(error: BaseException) -> str:
    """An exception in words, whatever it makes of `str`: somebody else wrote it.

    >>> words_of(KeyError("lr")), words_of(RuntimeError())
    ("KeyError: 'lr'", 'RuntimeError')
    """
    name = type(error).__name__
    try:
        text = str(error)
    except Exception as other:  # noqa: BLE001 (an error is under way, and this one is about it)
        return f"{name}, whose text raises {type(other).__name__}"
    return f"{name}: {text}" if text else name


def closest(name: str, known: Iterable[str]) -> str:
    """A hint `; did you mean 'x'?` when one known name is really close, else nothing.

    >>> closest("Cosin", ["Cosine", "Linear"])
    "; did you mean 'Cosine'?"
    >>> closest("banana", ["Cosine", "Linear"])
    ''
    """
    names = {each.lower(): each for each in known}
    found = get_close_matches(name.lower(), names, n=1, cutoff=0.75)
    return f"; did you mean {names[found[0]]!r}?" if found else ""
