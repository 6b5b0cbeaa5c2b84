"""Generated numbers, spans, runs and leaves: the smallest pieces of `tests/strategies.py`."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st

import passo
from passo import Plateau, Run, Schedule, Span, base, register, steps
from passo.schedules import shapes

few = settings(max_examples=25, phases=[p for p in Phase if p is not Phase.explain])
UNITS = ("steps", "epochs", "samples", "tokens", "percent")
THIRD = Fraction(1, 3)

register("wave of the tests")(lambda t: 1.0 / (1.0 + t))
WAVE = passo.Function("wave of the tests")

# -- numbers, spans, runs

numbers = st.sampled_from([0.0, 1.0, 0.5, 0.1, 3e-4, 1e-6, 2.0, -1.0]) | st.floats(-2, 2)
positives = st.sampled_from([1.0, 0.5, 0.1, 3e-4, 2.0]) | st.floats(1e-6, 2)
powers = st.sampled_from([0.5, 1.0, 2.0, 3.5])
expressions = st.sampled_from([base, 0.1 * base, 1 + 2 * base, base.maximum(0.2)])
amounts = (
    st.integers(0, 400).map(lambda k: Fraction(k, 4))
    | st.fractions(0, 100, max_denominator=60)
    | st.floats(0.001, 100).map(lambda x: Fraction(repr(x)))
)
lengths = st.integers(1, 200).map(lambda k: Fraction(k, 4))
instants = st.integers(0, 1600).map(lambda k: k / 8)


def spans(units: tuple[str, ...] = (*UNITS, "rest")) -> st.SearchStrategy[Span]:
    """Spans of all six units, with whole, decimal and other amounts."""
    known = [unit for unit in units if unit != "rest"]
    drawn = st.builds(lambda unit, x: getattr(passo, unit)(x), st.sampled_from(known), amounts)
    return drawn | st.just(passo.rest) if "rest" in units else drawn


@st.composite
def runs(draw: Any, length: Span | None = None, axis: str | None = None) -> Run:
    """Runs that know every rate, some of them powers of two, on each axis."""
    plain = draw(st.booleans())
    rates = (16, 8, 1024) if plain else draw(st.sampled_from([(391, 96, 1000), (2.5, 0.1, 7)]))
    return Run(
        length or draw(spans(UNITS[:4]).filter(lambda span: span.amount > 0)),
        steps_per_epoch=rates[0],
        samples_per_step=rates[1],
        tokens_per_step=rates[2],
        axis=axis or draw(st.sampled_from(["step", "sample", "token"])),
    )


# -- leaves


ENDS = {"start": numbers, "end": numbers}
ONE_SIGN = {"start": positives, "end": positives}
RAMPS: dict[str, dict[str, st.SearchStrategy[Any]]] = {  # the fields beside `over`
    "Constant": {"value": numbers},
    "Linear": ENDS,
    "Cosine": ENDS,
    "Polynomial": {**ENDS, "power": powers},
    "Power": {**ENDS, "power": powers},
    "Geometric": ONE_SIGN,
    "CosinePower": {**ENDS, "power": powers},
    "KDecay": {**ENDS, "k": powers, "power": powers},
    "KDecayCosine": {**ENDS, "k": powers},
    "Tanh": {**ENDS, "low": st.floats(-6, 1), "high": st.floats(1.5, 6)},
    "Rex": ENDS,
    "Hyperbolic": {**ENDS, "upper": st.floats(1, 5)},
    "ExpHyperbolic": {**ONE_SIGN, "upper": st.floats(1, 5)},
    "Logarithmic": {**ENDS, "scale": lengths.map(steps)},
    "Function": {"name": st.just("wave of the tests")},
    "Table": {
        "eighths": st.sets(st.integers(0, 7), max_size=4).map(sorted),
        "values": st.lists(numbers, min_size=5, max_size=5),
        "kind": st.sampled_from(["linear", "cosine", "step"]),
    },
}


def _table(over: Fraction, eighths: list[int], values: list[float], kind: str) -> Schedule:
    times = [over * k / 8 for k in eighths if over] + [over]
    return passo.Table([(steps(t), v) for t, v in zip(times, values, strict=False)], kind)


@st.composite
def ramps(draw: Any, name: str, over: Fraction | None = None) -> Schedule:
    """The shape of that name, so many steps long."""
    length = draw(lengths) if over is None else over
    given = {field: draw(strategy) for field, strategy in RAMPS[name].items()}
    if name == "Table":
        return _table(length, **given)
    return getattr(passo, name)(**given, over=steps(length))


reports = st.lists(st.tuples(instants, st.sampled_from([1.0, 0.5, 0.25])), max_size=6).map(
    lambda past: tuple(sorted(past, key=lambda report: report[0]))
)
plateaus = st.builds(
    Plateau,
    st.sampled_from(["loss", "val/loss"]),
    mode=st.sampled_from(["min", "max"]),
    factor=st.sampled_from([0.1, 0.5]),
    patience=st.integers(0, 2),
    threshold_mode=st.sampled_from(["rel", "abs"]),
    cooldown=st.integers(0, 1),
    floor=st.sampled_from([0.0, 0.01]),
    past=st.just(()) | reports,
) | st.builds(
    Plateau,
    st.just("loss"),
    factor=st.sampled_from([2.0, 1.5]),
    ceiling=st.sampled_from([1.0, 3.0, 8.0]),
    patience=st.integers(0, 2),
    past=st.just(()) | reports,
)
greedies = st.builds(
    passo.Greedy,
    st.sampled_from(["loss", "val/loss"]),
    mode=st.sampled_from(["min", "max"]),
    factor=st.sampled_from([0.95, 0.5]),
    patience=st.integers(0, 2),
    cooldown=st.integers(0, 1),
    warmup=st.integers(0, 1),
    floor=st.sampled_from([0.0, 0.1]),
    ceiling=st.sampled_from([1.0, 3.0]),
    past=st.just(()) | reports,
)
bounces = st.builds(
    passo.Bounce,
    st.sampled_from(["loss", "norm"]),
    factor=st.sampled_from([0.1, 0.5]),
    floor=st.sampled_from([0.0, 0.01]),
    past=st.just(()) | reports,
)
ENDLESS: dict[str, st.SearchStrategy[Schedule]] = {
    "Constant": st.builds(passo.Constant, numbers),
    "Exponential": st.builds(
        passo.Exponential,
        numbers,
        st.sampled_from([0.5, 0.9, 0.99, 1.001]),
        st.sampled_from([steps(1), steps(0.1), steps(THIRD), steps(8)]),
    ),
    "InversePower": st.builds(passo.InversePower, numbers, lengths.map(steps), powers),
    "Function": st.just(WAVE),
    "Base": st.just(base),
    "Plateau": plateaus,
    "Greedy": greedies,
    "Bounce": bounces,
    "Rectified": st.builds(
        passo.Rectified,
        st.sampled_from([0.9, 0.99, 0.999]) | st.floats(0.7, 0.9999),
        st.sampled_from([steps(1), steps(THIRD)]),
    ),
}
LEAVES: dict[str, st.SearchStrategy[Schedule]] = {
    name: ENDLESS[name] if name in ENDLESS else ramps(name) for name in shapes.__all__
}
LEAVES["Constant"] = LEAVES["Constant"] | ramps("Constant")
