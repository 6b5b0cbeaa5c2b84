"""The search: one change that explains all, else two, else three; or what explains most."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Final

from passo.ground.calls import called_like
from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.schedules.algebra.schedule import Schedule
from passo.schedules.crossings import MOST_CORNERS
from passo.schedules.curve import Curve, need_one_kind
from passo.schedules.explain.candidates import candidates
from passo.schedules.explain.course import Course, ticks_of
from passo.schedules.explain.explanation import Explanation
from passo.schedules.explain.pair import Pair
from passo.schedules.explain.telling import WHOLLY, Chain, Looked, alike, told
from passo.schedules.time import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LOOKS: Final = 180
_BEAM: Final = 8
_MOST: Final = 3
_TWICE: Final = 2
_HALF: Final = 0.5  # a further change has to halve what is left
_WORSE: Final = 1.25  # a change may need another one before it shows


@called_like("explain(ours, theirs, Run(steps(1000)))")
def explain(a: Schedule, b: Schedule, run: Run) -> Explanation:
    """Why two schedules differ on a run: which changes make `b` of `a`, measured by making them.

    Looked for, on the values and one, two or three at a time: a shift by an update, another peak,
    floor, warm-up start, warm-up length, decay or length, another unit, another shape, steps
    instead of a slope, a peak that is never used, an end that comes early, and what is done past
    the end. A change is named only where undoing it takes the difference away; what stays is said.
    Where both are relative to `base`, values are multiples of it. Raises PassoError where only one
    is, and for a plateau without reports; NeedsRun where the run does not count its updates.

    >>> from passo import Run, analysis, percent, steps, warmup_cosine
    >>> ours, theirs = warmup_cosine(peak=1), warmup_cosine(peak=1, warmup=percent(10))
    >>> found = analysis.explain(ours, theirs, Run(steps(100)))
    >>> [(change.kind, change.explained) for change in found.changes]
    [('warm-up length', 1.0)]
    >>> print(found)
    a and b differ from update 1 on, most at update 5: 1 and 0.5.
    b warms up over 10 updates, a over 5; both end together.
    That explains all of it.
    """
    placed = [_placed(each, run, name) for each, name in ((a, "a"), (b, "b"))]
    need_one_kind(*placed)
    looked = Looked(*_courses(placed, run), run.updates)
    curves = (Curve.of(a, run), Curve.of(b, run))
    if looked.gaps[looked.widest] <= looked.noise:
        return alike(looked, curves)
    epoch = None if run.steps_per_epoch is None else float(run.steps_per_epoch)
    return told(looked, _found(looked, epoch), curves)


def _placed(schedule: Schedule, run: Run, name: str) -> Schedule:
    """On the run, with values."""
    if not isinstance(schedule, Schedule):
        msg = (
            f"{name} must be a schedule, got {brief(schedule)}; "
            "write parse(...) for one in text, lift(...) for a scheduler"
        )
        raise PassoError(msg)
    if not isinstance(run, Run):
        msg = f"explain needs a Run, got {brief(run)}; write Run(steps(1000))"
        raise PassoError(msg)
    for plateau, _ in schedule.plateaus(lambda t: t):
        if not plateau.past:
            msg = (
                f"{brief(plateau)} falls on reports, and {name} has none; "
                f'write .with_reports([(100, {{"{plateau.metric}": 0.5}})]) first'
            )
            raise PassoError(msg)
    return schedule.on(run)


def _courses(placed: Sequence[Schedule], run: Run) -> tuple[Course, Course]:
    """Both as functions of the update, seen a while past the end."""
    updates = run.updates
    filled = [each.with_base(1.0) if each.relative else each for each in placed]
    lengths = [each.length(run) for each in placed]
    ends = [run.update_at(float(each.amount)) for each in lengths if each is not None]
    far = max([updates, *(end for end in ends if end < 8 * updates)])
    horizon = math.ceil(far) + max(3, updates // 4)
    per = float(run.at(1))
    corners = []
    for each in filled:
        raw = islice(each.corners(0.0, float(run.at(horizon))), MOST_CORNERS)
        corners.append(sorted({run.update_at(corner) for corner in raw}))
    ticks = ticks_of(updates, horizon, sorted({*corners[0], *corners[1]}), _LOOKS)
    one, other = (
        Course(_seen(each, per, float(horizon)), mine, ticks)
        for each, mine in zip(filled, corners, strict=True)
    )
    return one, other


def _seen(schedule: Schedule, per: float, horizon: float) -> Callable[[float], float]:
    """The value at an update; infinity where a change asks, far off, for one that is none."""

    def at(t: float) -> float:
        try:
            return float(schedule(t * per))
        except PassoError:
            if t <= horizon:
                raise
            return math.inf

    return at


def _found(looked: Looked, epoch: float | None) -> Chain:
    """The best chain of changes: they make `b` of `a`, or, where that explains more, `a` of `b`."""
    there = Pair(looked.one, looked.other, "a", "b", epoch, looked.updates)
    back = Pair(looked.other, looked.one, "b", "a", epoch, looked.updates)
    for most in (1, _MOST):  # one change of the second explains more than three of the first
        first = _searched(there, looked, most)
        if first.wholly:
            return first
        second = _searched(back, looked, most)
        if second.wholly:
            return second._replace(back=True)
    if round(second.left[-1], 3) < round(first.left[-1], 3):
        return second._replace(back=True)
    return first


def _searched(pair: Pair, looked: Looked, most: int) -> Chain:
    """One change, then two, then three: as few as explain all of it, or what explains most."""
    wanted = [pair.other.at(t) for t in looked.judged]
    size = math.fsum(map(abs, wanted))

    def left(course: Course) -> float:
        if not math.isfinite(course.at(course.ticks[-1])):
            return math.inf
        rest = math.fsum(abs(course.at(t) - v) for t, v in zip(looked.judged, wanted, strict=True))
        # What is left must be small beside the second's own values too, not only beside a
        # difference that may be far larger.
        own = min(rest / size, 2 * WHOLLY) if size else 0.0
        return 0.0 if rest <= 1e-12 * size else max(rest / looked.total, own)

    best = Chain((), (1.0,))
    beam = [best]
    for count in range(1, most + 1):
        grown = (longer for chain in beam for longer in _longer(chain, pair, left))
        beam = sorted(grown, key=_rank)[:_BEAM]
        if not beam:
            break
        # Three numbers fit much: as many changes are named only where they explain all of it.
        if beam[0].wholly or (count < _MOST and beam[0].left[-1] < _HALF * best.left[-1]):
            best = beam[0]
        if best.wholly:
            break
    return _once(best, pair, left)


def _once(chain: Chain, pair: Pair, left: Callable[[Course], float]) -> Chain:
    """The chain with other ratios named once: what came between two of them is made before both.

    By itself that may lead further away at first, so that the search leaves it.
    """
    kinds = [each.kind for each in chain.found]
    if kinds.count("rate") < _TWICE:
        return chain
    between = chain.found[kinds.index("rate") + 1]
    for each in candidates(pair):
        if (each.kind, each.numbers) == (between.kind, between.numbers):
            for last in candidates(pair._replace(one=each.course)):
                found = Chain((each, last), (1.0, left(each.course), left(last.course)))
                if last.kind == "rate" and found.left[-1] <= chain.left[-1]:
                    return found
    return chain


def _longer(chain: Chain, pair: Pair, left: Callable[[Course], float]) -> Iterator[Chain]:
    """The chain with one change more, up to the first that explains all."""
    course = chain.found[-1].course if chain.found else pair.one
    for each in candidates(pair._replace(one=course)):
        share = left(each.course)
        if share < _WORSE * chain.left[-1]:
            longer = Chain((*chain.found, each), (*chain.left, share))
            yield longer
            if longer.wholly:
                return


def _rank(chain: Chain) -> float:
    """Chains that explain all of it stay in the order in which they were found."""
    return -1.0 if chain.wholly else chain.left[-1]
