"""Fields that have the name of a method: `Polynomial(1, 0, power=2).power(0.5)` is both.

A shape's number and what every schedule can do share a word of the field (`power`, `cooldown`).
Read from a shape, such a name is that number, and called, it is the method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from passo.schedules.algebra.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

Shape = TypeVar("Shape", bound=type)


class Called(float):
    """A number of a shape that is called as the method of its name."""

    _method: Callable[..., Schedule]

    def __call__(self, *given: Any, **named: Any) -> Schedule:
        """What the method of every schedule gives."""
        return self._method(*given, **named)

    def __reduce__(self) -> tuple[Any, ...]:
        return float, (float(self),)


class CalledInt(int):
    """As `Called`, for a whole number."""

    _method: Callable[..., Schedule]

    def __call__(self, *given: Any, **named: Any) -> Schedule:
        """What the method of every schedule gives."""
        return self._method(*given, **named)

    def __reduce__(self) -> tuple[Any, ...]:
        return int, (int(self),)


class _Both:
    """The slot of a field, and the method that it hides."""

    def __init__(self, name: str, slot: Any) -> None:
        self._name, self._slot = name, slot

    def __get__(self, shape: Any, owner: Any = None) -> Any:
        if shape is None:
            return self
        value = self._slot.__get__(shape, owner)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return value
        both = CalledInt(value) if isinstance(value, int) else Called(value)
        both._method = getattr(Schedule, self._name).__get__(shape)
        return both

    def __set__(self, shape: Any, value: Any) -> None:
        self._slot.__set__(shape, value)


def also_called(name: str) -> Callable[[Shape], Shape]:
    """Let the field of that name be called as well; written above the dataclass.

    >>> from passo import Polynomial, steps
    >>> s = Polynomial(4, 0, steps(4), power=2)
    >>> s.power, s.power(0.5)(0)
    (2.0, 2.0)
    """

    def put(shape: Shape) -> Shape:
        setattr(shape, name, _Both(name, vars(shape)[name]))
        return shape

    return put


if TYPE_CHECKING:

    class Power:
        """As a type checker sees such a field: given as a float, read as both."""

        def __init__(self, default: float) -> None: ...
        def __get__(self, shape: object, owner: object = None) -> Called: ...
        def __set__(self, shape: object, value: float) -> None: ...

    class Pause:
        """The same for an int."""

        def __init__(self, default: int) -> None: ...
        def __get__(self, shape: object, owner: object = None) -> CalledInt: ...
        def __set__(self, shape: object, value: int) -> None: ...

else:
    Power, Pause = float, int
