"""When is a metric better, and when does a factor move: the one owner of both answers.

What a shape remembers between reports is constant in size and plain data. Each kind of memory has
`see`, which takes a report in and answers whether the factor moved; `state` and `load`, its JSON;
and `cannot`, what of such JSON no reports can ever have made.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

Mode: TypeAlias = Literal["min", "max"]
"""Whether a metric is better when it is less, or more."""
ThresholdMode: TypeAlias = Literal["rel", "abs"]
"""Whether a threshold is a share of the best metric, or an amount."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What decides about a metric; the names are those of torch's ReduceLROnPlateau.

    `torchs` takes a relative threshold as torch does, times the best itself: below 0 the bar then
    lies on the wrong side of the best, and what did not improve counts as better
    (pytorch/pytorch#47513). Otherwise the threshold is a share of abs(best).
    """

    mode: Mode = "min"
    threshold: float = 1e-4
    threshold_mode: ThresholdMode = "rel"
    patience: int = 10
    cooldown: int = 0
    torchs: bool = False

    def is_better(self, metric: float, best: float | None) -> bool:
        """Whether `metric` passes `best` by the threshold; anything but NaN passes no best.

        >>> Rule(threshold=0.05).is_better(-1.0, -1.0), Rule(torchs=True).is_better(-1.0, -1.0)
        (False, True)
        """
        return passes(metric, best, self.mode, self.threshold, self.threshold_mode, self.torchs)


def passes(
    metric: float,
    best: float | None,
    mode: Mode,
    threshold: float,
    threshold_mode: ThresholdMode,
    torchs: bool = False,  # noqa: FBT001, FBT002
) -> bool:
    """Rule(...).is_better(metric, best), for who has its parts: to make one takes longer."""
    sign = 1.0 if mode == "max" else -1.0
    if best is None:
        return sign * metric > -math.inf
    if threshold_mode == "abs":
        needed = best + sign * threshold
    else:
        away = sign if best >= 0 or torchs else -sign
        needed = best * (1.0 + away * threshold)
    return metric < needed if mode == "min" else metric > needed


class Memory(Protocol):
    """What is known of each kind of memory."""

    @property
    def heard(self) -> bool:
        """Whether it knows of a report."""
        ...

    @property
    def climbed(self) -> bool:
        """Whether the last report that moved the factor was a good one."""
        ...

    def see(self, metric: float) -> bool:
        """Take one report in; whether it moved the factor."""
        ...

    def state(self) -> dict[str, Any]:
        """All that it remembers, as plain JSON."""
        ...

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to what `state` gave."""
        ...

    def cannot(self, state: Mapping[str, Any]) -> str:
        """What of a state no reports can have made, to be read after its place; else nothing."""
        ...

    def fit(self) -> None:
        """What another rule counted, within what this one counts: the next report decides."""
        ...


@dataclass(slots=True)
class Reducer:
    """What a plateau remembers.

    Every report that is not better than the best so far by the threshold is bad. After more
    than `patience` bad reports in a row there is one more reduction, then `cooldown` reports
    are not counted. NaN is bad. These are torch's rules.

    >>> reducer = Reducer(Rule(patience=1))
    >>> [reducer.see(loss) for loss in (1.0, 1.0, 1.0)]
    [False, False, True]
    """

    rule: Rule
    best: float | None = None
    bad: int = 0
    cooling: int = 0
    reductions: int = 0

    @property
    def heard(self) -> bool:
        """Whether it knows of a report."""
        return self.best is not None or self.reductions > 0

    @property
    def climbed(self) -> bool:
        """A plateau moves for bad reports only."""
        return False

    def see(self, metric: float) -> bool:
        """Take one report in; whether it brought a reduction."""
        better = self.rule.is_better(metric, self.best)
        if better:
            self.best = metric
        falls, self.bad, self.cooling = counted(
            better, self.bad, self.cooling, self.rule.patience, self.rule.cooldown
        )
        self.reductions += falls
        return falls

    def state(self) -> dict[str, Any]:
        """All that it remembers, as plain JSON."""
        best = None if self.best is None else repr(self.best)
        counts = {"bad": self.bad, "cooling": self.cooling, "reductions": self.reductions}
        return {"best": best, **counts}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to what `state` gave."""
        self.best = None if state["best"] is None else float(state["best"])
        self.bad, self.cooling = int(state["bad"]), int(state["cooling"])
        self.reductions = int(state["reductions"])

    def cannot(self, state: Mapping[str, Any]) -> str:
        """What of a state no reports can have made; nothing where all is well."""
        if state["fell"] is not None and not state["reductions"]:
            return f".fell is {state['fell']}, and there were no reductions"
        return _out_of_rule(self.rule, state)

    def fit(self) -> None:
        """What another rule counted, within what this one counts."""
        self.bad = min(self.bad, self.rule.patience)
        self.cooling = min(self.cooling, self.rule.cooldown)


@dataclass(slots=True)
class Climber:
    """What `Greedy` remembers: a factor that falls after bad reports and rises after good ones.

    After more than `patience` bad reports in a row it falls, then `cooldown` reports are not
    looked at; after more than `patience` good ones it rises, then `warmup` are not. The factor is
    `anchor * factor ** net`: where a bound stops it, it goes on from the bound.

    >>> climber = Climber(Rule(patience=0), factor=0.5, floor=0.1, ceiling=3.0)
    >>> [(climber.see(loss), climber.now) for loss in (4.0, 3.0, 3.0, 3.0)]
    [(True, 2.0), (True, 3.0), (True, 1.5), (True, 0.75)]
    """

    rule: Rule
    factor: float
    floor: float
    ceiling: float
    warmup: int = 0
    best: float | None = None
    good: int = 0
    bad: int = 0
    cooling: int = 0
    warming: int = 0
    anchor: float = 1.0
    net: int = 0
    before: float = 1.0
    climbed: bool = False

    @property
    def heard(self) -> bool:
        """Whether it knows of a report."""
        return self.best is not None or self.now != 1.0

    @property
    def now(self) -> float:
        """The factor."""
        return self._now(self.anchor, self.net)

    def see(self, metric: float) -> bool:
        """Take one report in; whether it moved the factor."""
        if self.cooling or self.warming:
            if self.cooling:
                self.cooling -= 1
            else:
                self.warming -= 1
            self.good = self.bad = 0
            return False
        if self.rule.is_better(metric, self.best):
            self.best, self.bad, self.good = metric, 0, self.good + 1
        else:
            self.bad, self.good = self.bad + 1, 0
        if self.good > self.rule.patience:
            self.good, self.warming = 0, self.warmup
            return self._move(up=True)
        if self.bad > self.rule.patience:
            self.bad, self.cooling = 0, self.rule.cooldown
            return self._move(up=False)
        return False

    def _move(self, *, up: bool) -> bool:
        old = self.now
        new = old / self.factor if up else old * self.factor
        if up and new >= self.ceiling:
            self.anchor, self.net = self.ceiling, 0
        elif not up and new <= self.floor and self.floor:
            self.anchor, self.net = self.floor, 0
        else:
            self.net += -1 if up else 1
        if self.now == old:
            return False
        self.before, self.climbed = old, up
        return True

    def state(self) -> dict[str, Any]:
        """All that it remembers, as plain JSON."""
        best = None if self.best is None else repr(self.best)
        counts = {"good": self.good, "bad": self.bad}
        waits = {"cooling": self.cooling, "warming": self.warming}
        where = {"anchor": self.anchor, "net": self.net, "before": self.before}
        return {"best": best, **counts, **waits, **where}

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to what `state` gave."""
        self.best = None if state["best"] is None else float(state["best"])
        self.good, self.bad = int(state["good"]), int(state["bad"])
        self.cooling, self.warming = int(state["cooling"]), int(state["warming"])
        self.anchor, self.net = float(state["anchor"]), int(state["net"])
        self.before = float(state["before"])

    def cannot(self, state: Mapping[str, Any]) -> str:
        """What of a state no reports can have made; nothing where all is well."""
        if state["good"] > self.rule.patience:
            return f".good is at most the patience of {self.rule.patience}, got {state['good']}"
        if state["warming"] > self.warmup:
            return f".warming is at most the warmup of {self.warmup}, got {state['warming']}"
        if state["good"] and state["bad"]:
            return f".good is 0 while there are bad reports in a row, got {state['good']}"
        now = self._now(state["anchor"], state["net"])
        for far in (state["anchor"], state["before"], now):
            if not self.floor <= far <= self.ceiling:
                return f" has a factor that is not from {self.floor} to {self.ceiling}, got {far}"
        return _out_of_rule(self.rule, state)

    def _now(self, anchor: float, net: int) -> float:
        """The factor; infinite where it is beyond the largest float."""
        try:
            return float(anchor * self.factor**net)
        except OverflowError:
            return math.inf

    def fit(self) -> None:
        """What another rule counted, within what this one counts; a factor within its bounds."""
        self.good = min(self.good, self.rule.patience)
        self.bad = min(self.bad, self.rule.patience)
        self.cooling = min(self.cooling, self.rule.cooldown)
        self.warming = min(self.warming, self.warmup)
        now = self._now(self.anchor, self.net)
        if not self.floor <= now <= self.ceiling or not self.floor <= self.anchor <= self.ceiling:
            self.anchor, self.net = self._bounded(now), 0
        self.before = self._bounded(self.before)

    def _bounded(self, factor: float) -> float:
        return min(max(factor, self.floor), self.ceiling)


@dataclass(slots=True)
class Turns:
    """What `Bounce` remembers: the last two numbers, and whether they turned once since it fell.

    A report turns where it goes up after one that went down, or down after one that went up.
    Every second turn is a reduction. What is not finite is not looked at.

    >>> turns = Turns()
    >>> [turns.see(norm) for norm in (5.0, 4.0, 4.5, 4.2, 4.0)]
    [False, False, False, True, False]
    """

    last: float | None = None
    earlier: float | None = None
    turned: bool = False
    reductions: int = 0

    @property
    def heard(self) -> bool:
        """Whether it knows of a report."""
        return self.last is not None

    @property
    def climbed(self) -> bool:
        """It only ever falls."""
        return False

    def see(self, metric: float) -> bool:
        """Take one report in; whether it brought a reduction."""
        if not math.isfinite(metric):
            return False
        first, second = self.earlier, self.last
        self.earlier, self.last = second, metric
        if (
            first is None
            or second is None
            or not (first < second > metric or first > second < metric)
        ):
            return False
        self.turned = not self.turned
        self.reductions += not self.turned
        return not self.turned

    def state(self) -> dict[str, Any]:
        """All that it remembers, as plain JSON."""
        last, earlier = (None if x is None else repr(x) for x in (self.last, self.earlier))
        return {
            "last": last,
            "earlier": earlier,
            "turned": int(self.turned),
            "reductions": self.reductions,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Back to what `state` gave."""
        self.last, self.earlier = (
            None if state[key] is None else float(state[key]) for key in ("last", "earlier")
        )
        self.turned, self.reductions = bool(state["turned"]), int(state["reductions"])

    def cannot(self, state: Mapping[str, Any]) -> str:
        """What of a state no reports can have made; nothing where all is well."""
        if state["fell"] is not None and not state["reductions"]:
            return f".fell is {state['fell']}, and there were no reductions"
        if state["turned"] > 1:
            return f".turned is 0 or 1, got {state['turned']}"
        if state["earlier"] is None and (state["turned"] or state["reductions"]):
            return " turned, and remembers fewer than two reports"
        if state["last"] is None and state["earlier"] is not None:
            return ".last is the report after .earlier, and there is none"
        for key in ("last", "earlier"):
            if state[key] is not None and not math.isfinite(float(state[key])):
                return f".{key} is finite, got {state[key]!r}"
        return ""

    def fit(self) -> None:
        """Each rule counts the same."""


def _out_of_rule(rule: Rule, state: Mapping[str, Any]) -> str:
    """What of `best`, `bad` and `cooling` a rule never makes."""
    best = None if state["best"] is None else float(state["best"])
    if best == (math.inf if rule.mode == "min" else -math.inf):
        return f".best of mode {rule.mode!r} is never {state['best']!r}"
    if state["bad"] > rule.patience:
        return f".bad is at most the patience of {rule.patience}, got {state['bad']}"
    if state["cooling"] > rule.cooldown:
        return f".cooling is at most the cooldown of {rule.cooldown}, got {state['cooling']}"
    if state["cooling"] and state["bad"]:
        return f".bad is 0 while a plateau cools, got {state['bad']}"
    return ""


def counted(
    better: bool,  # noqa: FBT001
    bad: int,
    cooling: int,
    patience: int,
    cooldown: int,
) -> tuple[bool, int, int]:
    """One report more: whether there is a reduction, and the bad and cooling reports after it.

    >>> counted(False, bad=2, cooling=0, patience=2, cooldown=5)
    (True, 0, 5)
    """
    bad = 0 if better else bad + 1
    if cooling > 0:
        cooling -= 1
        bad = 0
    return (True, 0, cooldown) if bad > patience else (False, bad, cooling)
