"""A hunt for the point at which a leaf is furthest from its real-number formula.

    python -m tests.schedules.hunt 200000

The formulas are those of the docstrings, taken literally, with 60 digits and more near an end.
"""

from __future__ import annotations

import math
import sys
from fractions import Fraction
from random import Random
from typing import Any, NamedTuple

import mpmath
from mpmath import mp, mpf

import passo
from passo import Schedule, steps

FAR = 10**12
EXP_RANGE = math.log(1e8)


class Case(NamedTuple):
    """A leaf, a time, and what the bound depends on besides."""

    leaf: Schedule
    t: float
    power: float = 1.0


class Worst(NamedTuple):
    """The furthest point that was found."""

    ulp: float
    case: Case


# -- the formulas: u = t / over, a = start, b = end


def _half(u: Any) -> Any:
    return (1 + mpmath.cos(mp.pi * u)) / 2


def _tanh(leaf: Any, u: Any) -> Any:
    low, high = mpf(leaf.low), mpf(leaf.high)
    x = low + (high - low) * u
    top = mpmath.tanh(high)
    return (top - mpmath.tanh(x)) / (top - mpmath.tanh(low))


def _hyperbola(leaf: Any, u: Any) -> Any:
    def f(u: Any) -> Any:
        return mpmath.sqrt((1 - u) * (2 * mpf(leaf.upper) - 1 - u))

    return f(u) / f(mpf(0))


def _log(leaf: Any, u: Any) -> Any:
    scale, n = mpf(float(leaf.scale.amount)), mpf(float(leaf.over.amount))
    return 1 - mpmath.log(1 + u * n / scale) / mpmath.log(1 + n / scale)


KEPT: dict[str, Any] = {  # the share of start
    "Linear": lambda _, u: 1 - u,
    "Cosine": lambda _, u: _half(u),
    "Polynomial": lambda s, u: (1 - u) ** mpf(s.power),
    "Power": lambda s, u: 1 - u ** mpf(s.power),
    "CosinePower": lambda s, u: _half(u) ** mpf(s.power),
    "KDecay": lambda s, u: (1 - u ** mpf(s.k)) ** mpf(s.power),
    "KDecayCosine": lambda s, u: _half(u ** mpf(s.k)),
    "Tanh": _tanh,
    "Rex": lambda _, u: (1 - u) / (1 - u / 2),
    "Hyperbolic": _hyperbola,
    "Logarithmic": _log,
}
RATIO: dict[str, Any] = {  # the exponent of end / start
    "Geometric": lambda _, u: u,
    "ExpHyperbolic": lambda s, u: 1 - _hyperbola(s, u),
}


def _of_table(leaf: Any, t: Any) -> Any:
    points = [(mpf(float(span.amount)), mpf(value)) for span, value in leaf.points]
    before = [point for point in points if point[0] <= t]
    after = [point for point in points if point[0] > t]
    if not before or not after or leaf.kind == "step":
        return (before[-1] if before else points[0])[1]
    (begin, left), (end, right) = before[-1], after[0]
    kept = (end - t) / (end - begin)
    if leaf.kind == "cosine":
        kept = _half(1 - kept)
    return right + (left - right) * kept


def _rho(beta2: Any, n: Any) -> Any:
    """RAdam's r after n updates, its limit where n is 0."""
    lost = -2 / mpmath.log(beta2) if n == 0 else 2 * n * beta2**n / (1 - beta2**n)
    return 2 / (1 - beta2) - 1 - lost


def _rectified(leaf: Any, t: Any) -> Any:
    beta2, full = mpf(leaf.beta2), 2 / (1 - mpf(leaf.beta2)) - 1
    r = _rho(beta2, t / mpf(float(leaf.every.amount)))
    if r <= 4:
        return mpf(0)
    return mpmath.sqrt((r - 4) * (r - 2) * full / ((full - 4) * (full - 2) * r))


def exact(case: Case) -> Any:
    """The value of the formula as a real number."""
    leaf, name, t = case.leaf, type(case.leaf).__name__, mpf(case.t)
    if name == "Exponential":
        every = mpf(leaf.every.amount.numerator) / leaf.every.amount.denominator
        return mpf(leaf.start) * mpf(leaf.gamma) ** (t / every)
    if name == "InversePower":
        return mpf(leaf.start) * (1 + t / mpf(float(leaf.scale.amount))) ** -mpf(leaf.power)
    if name == "Table":
        return _of_table(leaf, t)
    if name == "Rectified":
        return _rectified(leaf, t)
    n, a, b = mpf(float(leaf.over.amount)), mpf(leaf.start), mpf(leaf.end)
    u = min(t / n, mpf(1))
    if name in RATIO:
        return a * (b / a) ** RATIO[name](leaf, u)
    return b + (a - b) * KEPT[name](leaf, u)


def distance(case: Case) -> float:
    """How many units in the last place the leaf is off its formula."""
    with mp.workdps(90 + int(40 * case.power)):
        real = exact(case)
        return float(abs(mpf(case.leaf(case.t)) - real) / mpf(math.ulp(float(real))))


HARD = {  # leaves whose inner error is multiplied: by the power, the ratio, the steepness
    "CosinePower": lambda case, _: 4 + 5 * case.power,
    "ExpHyperbolic": lambda _, ratio: 4 + 1.4 * ratio,
    "KDecay": lambda case, _: 4 + 2.4 * case.power,
    "Tanh": lambda case, _: 6 + 1.5 * (case.leaf.high - case.leaf.low),
}


def bound(case: Case) -> float:
    """8 ulp for ends within 10**8 and powers up to 5; beyond, what the design allows."""
    leaf = case.leaf
    if type(leaf).__name__ == "Rectified":
        with mp.workdps(60):
            r = float(_rho(mpf(leaf.beta2), mpf(case.t) / mpf(float(leaf.every.amount))))
        return math.inf if r - 4 < 1e-9 else 8.0 + 8.0 / (r - 4.0)
    if type(leaf).__name__ in ("Exponential", "InversePower"):
        ends = (leaf.start, leaf(case.t))
    elif type(leaf).__name__ == "Table":
        ends = (1.0, 1.0)
    else:
        ends = (leaf.start, leaf.end)
    ratio = abs(math.log(ends[0] / ends[1])) if all(ends) else 0.0
    if type(leaf).__name__ in HARD:
        return max(8.0, HARD[type(leaf).__name__](case, ratio))
    if ratio <= EXP_RANGE * (1 + 1e-12) and case.power <= 5:
        return 8.0
    return max(8.0, 2 + ratio / 4 + case.power)


# -- the cases


def _length(rng: Random) -> float:
    pick = rng.randrange(4)
    if pick == 0:
        return float(rng.randint(1, 1000))
    if pick == 1:
        return float(rng.randint(1, FAR))
    return float(f"{10 ** rng.uniform(-2, 12):.6g}") if pick == 2 else 10 ** rng.uniform(-2, 12)


def instant(rng: Random, n: float) -> float:
    """A time from 0 to a little beyond n, often very close to either end or to the middle."""
    pick = rng.randrange(8)
    if pick == 0:
        return n * 10 ** rng.uniform(-20, 0)
    if pick == 1:
        return n * (1 - 10 ** rng.uniform(-16, 0))
    if pick == 2:
        return rng.choice(
            [0.0, n, n * 1.5, n / 2, math.nextafter(n, 0.0), math.nextafter(n / 2, 0)]
        )
    if pick == 3:
        return max(0.0, n - math.ulp(n) * rng.randint(1, 50))
    if pick == 4:
        return max(0.0, n / 2 + math.ulp(n) * rng.randint(-50, 50))
    return rng.uniform(0, n) if pick < 7 or n < 2 else float(rng.randrange(int(n)))


def _ends(rng: Random, most: float, *, zero: bool) -> tuple[float, float]:
    a = 10 ** rng.uniform(-6, 3)
    b = a * most ** rng.uniform(-1, 1)
    if rng.randrange(4) == 0:
        b = a * rng.choice([1.0, 1 + 1e-15, most, 1 / most, 0.1])
    if zero and rng.randrange(3) == 0:
        a, b = rng.choice([(0.0, b), (a, 0.0)])
    sign = rng.choice([1.0, 1.0, -1.0])
    return sign * a, sign * b


def _power(rng: Random, most: float) -> float:
    return rng.choice([0.5, 1.0, 2.0, 3.0, most, rng.uniform(0.05, most)])


def case_of(name: str, rng: Random, ratio: float = 1e8, most: float = 5.0) -> Case:
    """A random leaf of that name and a time at which to look."""
    if name == "Rectified":
        return _warm_up(rng)
    if name in ("Exponential", "InversePower"):
        return _endless(name, rng, ratio, most)
    n = _length(rng)
    if name == "Table":
        return Case(_table(rng, n), instant(rng, n))
    a, b = _ends(rng, ratio, zero=name not in RATIO)
    more: dict[str, Any] = {}
    if name in ("Polynomial", "Power", "CosinePower", "KDecay"):
        more["power"] = _power(rng, most)
    if name in ("KDecay", "KDecayCosine"):
        more["k"] = _power(rng, most)
    if name == "Tanh":
        more["low"] = rng.uniform(-8, 5)
        more["high"] = more["low"] + rng.choice([0.01, 9.0, rng.uniform(0.1, 20)])
    if name in ("Hyperbolic", "ExpHyperbolic"):
        more["upper"] = rng.choice([1.0, 2.0, 10 ** rng.uniform(0, 3)])
    if name == "Logarithmic":
        more["scale"] = steps(rng.choice([1.0, n * 10 ** rng.uniform(-6, 6)]))
    power = max(more.get("power", 1.0), more.get("k", 1.0))
    return Case(getattr(passo, name)(a, b, steps(Fraction(n)), **more), instant(rng, n), power)


def _endless(name: str, rng: Random, ratio: float, most: float) -> Case:
    start, n = rng.choice([-1, 1]) * 10 ** rng.uniform(-6, 3), _length(rng)
    if name == "InversePower":
        power = _power(rng, most)
        reach = min(math.log(ratio) / power, math.log(FAR))
        t = min(n * math.expm1(rng.uniform(0, reach)), float(FAR))
        return Case(passo.InversePower(start, steps(Fraction(n)), power), t, power)
    gamma = rng.choice([0.1, 0.5, 0.9, 0.999, 1.01, 1 - 1e-9, rng.uniform(0.1, 1)])
    every = rng.choice([Fraction(1), Fraction(n), Fraction(rng.randint(1, 99), rng.randint(1, 99))])
    periods = rng.uniform(0, math.log(ratio)) / abs(math.log(gamma))
    t = min(periods * float(every), float(FAR))
    return Case(passo.Exponential(start, gamma, steps(every)), rng.choice([t, float(int(t))]))


def _warm_up(rng: Random) -> Case:
    beta2 = rng.choice([0.9, 0.95, 0.99, 0.999, 1 - 10 ** rng.uniform(-9, -0.4)])
    every = rng.choice([1.0, 1.0, float(f"{10 ** rng.uniform(-2, 4):.6g}")])
    n = rng.choice([rng.randint(4, 20), rng.uniform(4, 6), 10 ** rng.uniform(0, 12)])
    return Case(passo.Rectified(beta2, steps(Fraction(every))), n * every)


def _table(rng: Random, n: float) -> Schedule:
    inner = (t for t in (instant(rng, n) for _ in range(rng.randint(0, 4))) if 1e-17 < t <= n)
    times = sorted({0.0, n, *inner})
    first, _ = _ends(rng, 1.0, zero=False)
    values = [first * 1e8 ** rng.uniform(0, 1) * rng.choice([1, 1, 0]) for _ in times]
    kind = rng.choice(["linear", "cosine", "step"])
    points = zip(times, values, strict=True)
    return passo.Table([(steps(Fraction(t)), v) for t, v in points], kind)


NAMES = sorted([*KEPT, *RATIO, "Exponential", "InversePower", "Rectified", "Table"])


def hunt(name: str, count: int, seed: int = 0, ratio: float = 1e8, most: float = 5.0) -> Worst:
    """The furthest of so many random points, measured against its bound."""
    rng, worst = Random(f"{name}{seed}"), Worst(-1.0, Case(passo.Constant(0), 0.0))
    for _ in range(count):
        case = case_of(name, rng, ratio, most)
        off = distance(case)
        if off > worst.ulp:
            worst = Worst(off, case)
    return worst


def main() -> None:
    """A table of the worst point of each leaf."""
    names = sys.argv[2:] or NAMES
    sys.stdout.write("| leaf | worst ulp | at |\n| --- | --- | --- |\n")
    for name in names:
        off, case = hunt(name, int(sys.argv[1]))
        sys.stdout.write(f"| {name} | {off:.2f} | `{case.leaf!r}({case.t!r})` |\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
