"""The tapes of all fields: what has been the same in several groups so far is on one tape."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from passo.optim.recorder.reading import is_deep, names, number, parts
from passo.trace import Column, Tape
from passo.trace.tape import exact_for

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from passo.optim.recorder.reading import Groups, Reading, Row
    from passo.schedules import Schedule

Name = tuple[int, str]  # the place of a group, and one of its numbers
Numbers = list[float | None]
Past = tuple[Any, ...]  # what a cell held, update by update
_NOTHING: Final = object()


class Strand:
    """Cells of a row that have held the same from the beginning, with one tape for each number.

    A scheduler mostly gives two hundred groups one and the same rate: it is kept once, and copied
    when they part. `last` is what the cells held at the end of the last batch.
    """

    __slots__ = ("cells", "last", "tapes")

    def __init__(self, tapes: list[Tape]) -> None:
        self.tapes = tapes
        self.cells: list[int] = []
        self.last: Any = _NOTHING

    def without(self, cells: Collection[int]) -> list[Strand]:
        """Itself, and where these are some of its cells another one, to which they go."""
        own = [each for each in self.cells if each in cells]
        if not own or len(own) == len(self.cells):
            return [self]
        twin = Strand([each.copy() for each in self.tapes])
        twin.cells, twin.last = own, self.last
        self.cells = [each for each in self.cells if each not in cells]
        return [self, twin]

    def parted(self, table: list[Past]) -> list[Strand]:
        """Itself, and others for those of its cells that differ in a batch."""
        found: list[Strand] = [self]
        first = table[self.cells[0]]
        while others := {each for each in found[-1].cells if table[each] != first}:
            found += found[-1].without(others)[1:]
            first = table[found[-1].cells[0]]
        return found

    def extend(self, updates: list[int], column: Past) -> tuple[list[Numbers], bool]:
        """Take a batch in; answers with its numbers, and whether a tape folded older ones."""
        if not is_deep(self.last) and column.count(self.last) == len(column):
            return [each * len(column) for each in _numbers(column[:1], len(self.tapes))], False
        numbers = _numbers(column, len(self.tapes))
        self.last = column[-1]
        folded = False
        for tape, values in zip(self.tapes, numbers, strict=True):
            folded |= tape.extend(updates, values)
        return numbers, folded


class Strands:
    """Every number of every group: `names`, in the order in which a trace has them."""

    def __init__(self) -> None:
        self._tapes: dict[Name, Tape] = {}
        self._cells: list[list[Name]] = []
        self._size = 0
        self._strands: list[Strand] = []

    @property
    def names(self) -> list[Name]:
        """The place of each number's group, and what the number is called there."""
        return list(self._tapes)

    def layout(self, reading: Reading, groups: Groups) -> None:
        """Which groups and fields the next rows have; what was there already goes on."""
        self._cells = [
            [(place, name) for name in names(key, group.get(key))]
            for key in reading.keys
            for place, group in enumerate(groups)
        ]
        self._size = len(groups)
        exact = exact_for(sum(map(len, self._cells)))
        known = self._tapes
        fresh = {name: Tape(None, name, exact) for _, name in chain.from_iterable(self._cells)}
        found: dict[tuple[int, ...], Strand] = {}
        for place, cell in enumerate(self._cells):
            tapes = [known.get(each) or fresh[each[1]] for each in cell]
            found.setdefault(tuple(map(id, tapes)), Strand(tapes)).cells.append(place)
        ordered = sorted(chain.from_iterable(self._cells), key=itemgetter(0))
        self._tapes = {each: fresh[each[1]] for each in ordered}
        self._strands = list(found.values())
        if reading.deep:  # to compare two Tensors would wait for a device
            for place in range(len(self._cells)):
                self._part({place})
        self._hand_out()

    def follow(
        self, clock: int, columns: list[Name], schedule: Schedule, shift: float
    ) -> list[int]:
        """Expect these to hold what schedule(t - shift) says; answers with their places."""
        wanted = set(columns)
        self._part({k for k, cell in enumerate(self._cells) if not wanted.isdisjoint(cell)})
        self._hand_out()
        for tape in {self._tapes[each] for each in wanted if each in self._tapes}:
            tape.follow(clock, schedule, shift)
        return [place for place, name in enumerate(self._tapes) if name in wanted]

    def extend(self, updates: list[int], rows: list[list[Row]]) -> tuple[list[Numbers], bool]:
        """Take rows in; answers with the numbers of each name, and whether a tape folded."""
        table = [column for held in zip(*rows, strict=True) for column in self._columns(held)]
        before = len(self._strands)
        self._strands = [part for each in self._strands for part in each.parted(table)]
        if len(self._strands) > before:
            self._hand_out()
        found: dict[Name, Numbers] = {}
        folded = False
        for strand in self._strands:
            numbers, one = strand.extend(updates, table[strand.cells[0]])
            folded |= one
            for cell in strand.cells:
                found.update(zip(self._cells[cell], numbers, strict=True))
        return [found[each] for each in self._tapes], folded

    def columns(self, *, unfolded: bool) -> Iterator[Column]:
        """What was kept so far; `unfolded` has short stretches of a plan as their values."""
        made: dict[Tape, Column] = {}
        for (group, _), tape in self._tapes.items():
            if tape not in made:
                column = tape.column(folded=not unfolded)
                made[tape] = column.unfolded() if unfolded else column
            yield replace(made[tape], group=group)

    def _columns(self, held: tuple[Row, ...]) -> list[Past]:
        """What each group held of one field at these updates."""
        if all(len(each) == 1 for each in held):
            return [tuple(each for (each,) in held)] * self._size
        return list(zip(*(each if len(each) > 1 else each * self._size for each in held)))  # noqa: B905

    def _part(self, cells: set[int]) -> None:
        self._strands = [part for each in self._strands for part in each.without(cells)]

    def _hand_out(self) -> None:
        """Each number finds its tape."""
        for strand in self._strands:
            for cell in strand.cells:
                self._tapes.update(zip(self._cells[cell], strand.tapes, strict=True))


def _numbers(column: Past, count: int) -> list[Numbers]:
    """The numbers of one cell, update by update: a list for each part of a pair."""
    if count == 1 and type(column[0]) is float:
        return [[each if type(each) is float else number(each) for each in column]]
    found = [[*map(number, parts(each)), *[None] * count] for each in column]
    return [[each[part] for each in found] for part in range(count)]
