"""What a Scheduler has promised to say, what of it has been said, and how a word gets out."""

from __future__ import annotations

import os
import sys
import weakref
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from passo.ground.here import Place, place
from passo.schedules import PassoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Promise = Literal[
    "no update", "past", "older", "hand", "ended", "unheard", "alike", "written", "apart"
]

_OTHERS: Final = 8  # names of metrics that are remembered to be listed


class Word(NamedTuple):
    """One broken promise: what was seen, why it matters, what to write; `code` is the doctor's.

    `meant` says that somebody may have wanted it so: then it is an error for nobody.
    """

    code: str
    seen: str
    why: str = ""
    write: str = ""
    meant: bool = False

    @property
    def text(self) -> str:
        """As a warning says it.

        >>> Word("P011", "nobody said a word", write="a word").text
        'nobody said a word; write: a word'
        """
        write = self.write and f"write: {self.write}"
        return "; ".join(part for part in (self.seen, self.why, write) if part)


class Promises:
    """What has been said, each once; and what reports have told, by name.

    `here` is the line that attached: a run that ends by itself has no other. With `strict` a word
    is an error, but where nobody could catch it. Who listens (`doctor.live()`) takes a word over.
    Where the end is `told` by a trainer, a run that ends by itself was ended by an exception.
    """

    __slots__ = (
        "_heard",
        "_listener",
        "_process",
        "_raised",
        "here",
        "others",
        "said",
        "strict",
        "told",
        "within",
    )

    def __init__(self, *, strict: bool, told: bool) -> None:
        self.strict = strict
        self.said: set[str] = set()
        self.told = told
        self.others: dict[str, None] = {}
        self.here = place()
        self.within = id(sys.exc_info()[1])
        self._heard: set[str] = set()
        self._raised: set[str] = set()
        self._listener: weakref.WeakMethod[Any] | None = None
        self._process = os.getpid()

    @property
    def at_home(self) -> bool:
        """Whether this is the process that attached, and not a fork of it."""
        return self._process == os.getpid()

    def listen(self, hear: Any) -> None:
        """Ask this method of a watcher first, which answers whether it takes a word over."""
        self._listener = weakref.WeakMethod(hear)

    def inherit(self, other: Promises) -> None:
        """A copy says nothing that the original has said, and stands where that was attached."""
        self.said |= other.said
        self.here = other.here

    def keeps(self, promise: Promise, name: str = "") -> bool:
        """Whether this is still to be said, should it be so."""
        return promise + name not in self.said

    def settles(self, promise: Promise, name: str = "") -> bool:
        """Whether this is still to be said at the end; it is not asked again."""
        news = promise + name not in self.said | self._raised
        self.settle(promise, name)
        return news

    def settle(self, promise: Promise, name: str = "") -> None:
        """Say nothing of this any more."""
        self.said.add(promise + name)

    def owe(self, promise: Promise, name: str = "") -> None:
        """It is to be said after all: something new came."""
        self.said -= {promise, promise + name}

    def say(self, promise: Promise, word: Word) -> None:
        """Say it now, at the line that runs, once.

        Raises PassoError with `strict`, as often as it is so.
        """
        if self.strict:
            self._raised.add(promise)
            raise PassoError(word.text)
        self.settle(promise)
        self._tell(word, place())

    def say_at_the_end(self, words: Iterable[Word], *, by_itself: bool) -> None:
        """Say these at the line that ends the run; of one that ends by itself, where it began.

        Raises PassoError for what nobody can mean with `strict`, unless the run ends by itself.
        """
        errors = []
        for word in words:
            if self.strict and not (by_itself or word.meant):
                errors.append(word.text)
            else:
                self._tell(word, self.here if by_itself else place())
        if errors:
            raise PassoError("\n".join(errors))

    def _tell(self, word: Word, at: Place) -> None:
        hear = None if self._listener is None else self._listener()
        if hear is None or not hear(word, f"{at.file}:{at.line}"):
            at.warn(word.text)

    # -- reports

    def reported(self, told: Mapping[str, float], watched: set[str]) -> None:
        """A report was made: of what plateaus watch, or of something else."""
        for name in told:
            if name in watched:
                self._heard.add(name)
            elif len(self.others) < _OTHERS:
                self.others[name] = None

    def heard(self, metric: str) -> bool:
        """Whether this was reported."""
        return metric in self._heard
