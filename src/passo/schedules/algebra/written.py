"""`Written`: a frozen value that is its code. Equal, hashed, copied and pickled by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from passo.schedules.algebra.tree import settle

if TYPE_CHECKING:
    from passo.schedules.algebra.schedule import Schedule

SUM, PRODUCT, ATOM = 1, 2, 3


class Written:
    """What its repr says: the code that makes it."""

    __slots__ = ("_text",)
    __match_args__: tuple[str, ...] = ()
    _level: ClassVar[int] = ATOM

    _text: str

    def _write(self) -> str:
        """The code, from that of the parts."""
        raise NotImplementedError  # pragma: no cover

    def _inner(self, level: int) -> str:
        """The code for use inside an expression that binds as tightly as `level`."""
        return repr(self) if self._level >= level else f"({self!r})"

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return self is other or repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        try:
            return self._text
        except AttributeError:
            return cast("str", settle(self, "_text", lambda node: node._write()))

    def __reduce__(self) -> tuple[Any, ...]:
        from passo.schedules.text.data import from_json, to_json

        return from_json, (to_json(cast("Schedule", self)),)

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _memo: object) -> Any:
        return self
