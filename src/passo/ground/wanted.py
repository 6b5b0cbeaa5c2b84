"""What is taken for something else, a trainer's callback or a Scheduler, says what to write."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import brief
from passo.ground.errors import PassoError

# What a trainer asks of a callback before anything else, or shows when that has failed.
_ASKED: Final = {
    "state_key": ("Lightning", "callbacks=[Passo(plan)]", "lightning"),
    "on_exception": ("Lightning", "callbacks=[Passo(plan)]", "lightning"),
    "on_init_end": ("transformers", "callbacks=[Passo(plan)]", "transformers"),
    "on_train_begin": ("transformers", "callbacks=[Passo(plan)]", "transformers"),
    "set_params": ("skorch", "callbacks=[Passo(plan)]", "skorch"),
    "learn": ("fastai", "cbs=Passo(plan)", "fastai"),
}
_AT_WORK: Final = frozenset(
    ("step", "get_last_lr", "state_dict", "load_state_dict", "report", "seek", "detach")
)


class NotThat(PassoError, FrozenInstanceError):
    """Something was asked of a value, or was to be set in it, that it does not have.

    An AttributeError too, so that `hasattr`, `copy` and `pickle` get the answer that they know.

    >>> from passo import Constant
    >>> Constant(1).step()
    Traceback (most recent call last):
    ...
    passo.ground.wanted.NotThat: Constant(1) is a number as a function of time, and has no 'step';
    write attach(optimizer, plan, run), which answers with a Scheduler
    """


def callback(thing: str, name: str) -> str:
    """What to write where a trainer asks that of `thing`; nothing where none does.

    >>> print(callback("Constant(1)", "set_params").split("; ")[1])
    write callbacks=[Passo(plan)], with Passo from passo.integrations.skorch
    """
    if name not in _ASKED:
        return ""
    trainer, write, module = _ASKED[name]
    return (
        f"{trainer} wants a callback, got {thing}; write {write}, with Passo from "
        f"passo.integrations.{module}"
    )


def missing(thing: Any, name: str) -> AttributeError:
    """The error for the `__getattr__` of a Scheduler to raise.

    >>> missing(1, "tenth")
    AttributeError("'int' object has no attribute 'tenth'")
    """
    asked = "learn" if name == "name" and "learn" in vars(thing) else name
    text = callback(f"a {type(thing).__name__}", asked)
    return NotThat(text) if text else _usual(thing, name)


class Value:
    """What never changes, and says so; and what to write where it is taken for something else.

    The `__setattr__` that `dataclass(frozen=True, slots=True)` makes asks for the class that it
    had before its slots (python/cpython#90562), and tells of nothing but `super`.
    """

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in ("__setattr__", "__delattr__"):
            if name in vars(cls):
                setattr(cls, name, vars(Value)[name])

    # To a type checker a class with these would have every attribute.
    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: object) -> None:
            raise NotThat(callback(brief(self), name) or _changes(self, name))

        def __delattr__(self, name: str) -> None:
            raise NotThat(_changes(self, name))


class Timed(Value):
    """A value that is a function of time, and is taken for what drives an optimizer by it."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            text = callback(brief(self), name) if name in _ASKED else ""
            if name in _AT_WORK:
                text = (
                    f"{brief(self)} is a number as a function of time, and has no {name!r}; write "
                    "attach(optimizer, plan, run), which answers with a Scheduler"
                )
            raise NotThat(text) if text else _usual(self, name)


def _changes(thing: Any, name: str) -> str:
    return f"{brief(thing)} never changes, so that {name!r} cannot be set; write a new one"


def _usual(thing: Any, name: str) -> AttributeError:
    kind = type(thing).__name__
    return AttributeError(f"{kind!r} object has no attribute {name!r}", name=name, obj=thing)
