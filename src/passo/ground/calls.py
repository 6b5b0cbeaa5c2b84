"""`called_like`: a wrong call of a function is answered with a right one."""

from __future__ import annotations

import inspect
from functools import partial, wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from passo.ground.errors import PassoError, closest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class WrongCall(PassoError, TypeError):
    """A function was called with arguments that it does not take; the text shows a right call.

    >>> from passo import Run
    >>> Run.of(391, 90)
    Traceback (most recent call last):
    ...
    passo.ground.calls.WrongCall: Run.of: too many positional arguments; it takes
    (batches, *, epochs, accumulate, drop_last_window), write Run.of(len(loader), epochs=90)
    """


def called_like(example: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A function whose wrong calls raise `WrongCall`, with what it takes and an example.

    >>> @called_like("double(2)")
    ... def double(number):
    ...     return 2 * number
    >>> double(numbr=2)
    Traceback (most recent call last):
    ...
    passo.ground.calls.WrongCall: double: it has no argument 'numbr'; did you mean 'number'? It
    takes (number), write double(2)
    """
    return answered_by(partial(check, example=example))


def answered_by(refuse: Callable[..., None]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A function that hands the calls which it does not take to `refuse(function, args, kwargs)`.

    Asked only after a TypeError, so that a right call costs nothing; a TypeError from the inside is
    one that `refuse` finds nothing wrong with.
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except TypeError:
                refuse(function, args, kwargs)
                raise

        return wraps(function)(_at_home(called, function))

    return decorated


def built_like(example: str) -> Callable[[type[T]], type[T]]:
    """A class whose wrong calls are answered in the same way."""

    def decorated(cls: type[T]) -> type[T]:
        cls.__init__ = called_like(example)(cls.__init__)  # type: ignore[method-assign]
        return cls

    return decorated


def _at_home(called: Callable[P, R], function: Callable[P, R]) -> Callable[P, R]:
    """The same in the other's module, so that its example is still found and run."""
    made, home = cast("FunctionType", called), cast("FunctionType", function)
    found = FunctionType(made.__code__, home.__globals__, closure=made.__closure__)
    return cast("Callable[P, R]", found)


def check(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], *, example: str
) -> None:
    """Raises `WrongCall` where a function does not take these arguments.

    >>> check(len, [], {}, example="len(batches)")
    Traceback (most recent call last):
    ...
    passo.ground.calls.WrongCall: len: missing a required argument: 'obj'; it takes (obj), write
    len(batches)
    """
    signature = inspect.signature(function)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        strange = [name for name in kwargs if name not in signature.parameters]
        what = f"{error};"
        if strange:
            hint = closest(strange[0], signature.parameters)
            what = f"it has no argument {strange[0]!r}{hint or ';'}"
        name = function.__qualname__.removesuffix(".__init__")
        it = "It" if what.endswith("?") else "it"
        takes = ", ".join(takes_of(signature))
        raise WrongCall(f"{name}: {what} {it} takes ({takes}), write {example}") from None


def takes_of(signature: inspect.Signature) -> list[str]:
    """The parameters as a reader of the signature sees them.

    >>> takes_of(inspect.signature(lambda a, *, b=1, **others: a))
    ['a', '*', 'b', '**others']
    """
    names: list[str] = []
    for each in signature.parameters.values():
        if each.kind is each.KEYWORD_ONLY and not any(name.startswith("*") for name in names):
            names.append("*")
        star = "*" * ((each.kind is each.VAR_POSITIONAL) + 2 * (each.kind is each.VAR_KEYWORD))
        names += [] if each.name in ("self", "cls") else [star + each.name]
    return names
