"""`Entry`: one published schedule; and `Family`, the entries of one file in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from passo.schedules import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

Expression: TypeAlias = Callable[..., Schedule]
"""A function of the schedule's parameters, all by name and each with a default."""

_NOWHERE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One published schedule: what it is, where it comes from, what it is called elsewhere.

    `formula` is LaTeX; in it t is time, eta_0 the peak, W the warm-up, T the run, p the share of
    what follows the warm-up, q that of the cooldown, u that of the shape itself. `expression(...)`
    is the schedule as a function of its parameters, each with a default; None where no expression
    can be, and `notes` say why. `peers` has its names in other libraries, by library.

    >>> from passo import catalogue
    >>> entry = catalogue.named("knee")
    >>> entry.expression()
    Linear(0, base, percent(5)).then(Constant(base, percent(45)), Linear(base, 0))
    >>> entry.source
    'Iyer et al. 2020, arXiv:2003.03977'
    """

    name: str
    formula: str
    source: str
    expression: Expression | None = field(repr=False)
    family: str
    aliases: tuple[str, ...] = ()
    peers: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NOWHERE, repr=False)
    notes: str = ""

    def names(self) -> Iterator[str]:
        """All that it is called: its name, its aliases, its names elsewhere, bare and in full.

        >>> from passo import catalogue
        >>> list(catalogue.named("triangular2").names())[:3]
        ['triangular2', 'CLR with halving triangles', 'CyclicLR']
        """
        yield self.name
        yield from self.aliases
        for library, names in self.peers.items():
            for each in names:
                yield each
                yield f"{library}.{each}"


class Family:
    """The entries of one kind, in the order in which they are written.

    >>> family = Family("elementary")
    >>> entry = family.add("constant", "c", "the plainest", torch="ConstantLR, LambdaLR")
    >>> _ = entry(lambda: 0.1)
    >>> [(each.name, dict(each.peers)) for each in family]
    [('constant', {'torch': ('ConstantLR', 'LambdaLR')})]
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._entries: list[Entry] = []

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def add(
        self,
        name: str,
        formula: str,
        source: str,
        *,
        aliases: tuple[str, ...] = (),
        notes: str = "",
        **peers: str,
    ) -> Callable[[Any], Any]:
        """Make the function below it the expression of an entry; `peers` are "Name, Name".

        A call with None makes an entry without an expression.
        """
        elsewhere = {library: tuple(names.split(", ")) for library, names in peers.items()}

        def put(expression: Any) -> Any:
            self._entries.append(
                Entry(
                    name,
                    formula,
                    source,
                    expression,
                    self.name,
                    aliases,
                    MappingProxyType(elsewhere),
                    notes,
                )
            )
            return expression

        return put
