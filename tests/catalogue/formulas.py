"""Each entry's closed form in mpmath, as it was published: written without passo.

A run is 1,000 updates long, so that a percent is 10 updates, and `base` is 0.3.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from mpmath import cos, cosh, e, exp, floor, log, mpf, nint, pi, sinh, sqrt

Formula = Callable[[Any], Any]
B, T, W = mpf(0.3), mpf(1000), mpf(50)
FORMULAS: dict[str, Formula] = {}


def of(*names: str) -> Callable[[Formula], Formula]:
    """The function below is the closed form of these entries."""

    def put(formula: Formula) -> Formula:
        FORMULAS.update(dict.fromkeys(names, formula))
        return formula

    return put


def num(text: str) -> Any:
    """The float that a person writes, as a real number."""
    return mpf(float(text))


def clip(x: Any, low: Any = 0, high: Any = 1) -> Any:
    return min(max(x, mpf(low)), mpf(high))


def half(u: Any) -> Any:
    """Half a cosine, from 1 to 0."""
    return (1 + cos(pi * clip(u))) / 2


def tanh(x: Any) -> Any:
    return sinh(x) / cosh(x)


def warm(after: Formula, t: Any, width: Any = W, top: Any = B) -> Any:
    """A line from 0 to the peak over the warm-up, then `after` of the share of the rest."""
    return top * t / width if t < width else after(clip((t - width) / (T - width)))


def wsd(down: Formula, t: Any) -> Any:
    """Warm-up, stable, and the last fifth by `down` of its share."""
    return warm(lambda _: B if t < 800 else B * down(clip((t - 800) / 200)), t)


# -- elementary

of("constant")(lambda t: B)
of("constant factor")(lambda t: B / 2 if t < 50 else B)
of("linear")(lambda t: B * (num("0.2") + (1 - num("0.2")) * clip(t / 200)))
of("linear decay")(lambda t: warm(lambda p: B * (1 - p), t))
of("step decay")(lambda t: B * num("0.1") ** floor(t / 300))
of("multi-step decay")(lambda t: B * num("0.1") ** sum(t >= m for m in (300, 600, 900)))
of("piecewise constant")(lambda t: B * (1 if t < 300 else num("0.4") if t < 600 else num("0.7")))
of("exponential decay")(lambda t: B * num("0.95") ** (t / 10))
of("exponential decay with an end")(lambda t: max(B * mpf("0.5") ** (t / 100), num("0.01") * B))
of("geometric ramp")(lambda t: num("1e-7") * (10 / num("1e-7")) ** clip(t / T))
of("polynomial decay")(lambda t: warm(lambda p: B * (1 - p) ** 2, t))
of("polynomial, power on the way in")(lambda t: B + (num("0.1") * B - B) * clip(t / T) ** 2)
of("polynomial with cycles")(lambda t: B * (1 - (t % 200) / 200) ** 2)
of("inverse time decay")(lambda t: B / (1 + t / 100))
of("any function of time")(lambda t: B * (1 - clip(t / T)) ** 2)


@of("product of factors so far")
def product_so_far(t: Any) -> Any:
    value = B
    for k in range(1, int(min(floor(t / 150), 5)) + 1):
        value *= (10 - k) / mpf(10)
    return value


def between(t: Any, share: Formula) -> Any:
    points = [(0, mpf(0)), (200, mpf(1)), (1000, num("0.1"))]
    for (begin, left), (end, right) in pairwise(points):
        if t < end:
            return left + (right - left) * share((t - begin) / (end - begin))
    return points[-1][1]


of("piecewise linear")(lambda t: between(t, lambda u: u))
of("piecewise cosine")(lambda t: between(t, lambda u: (1 - cos(pi * u)) / 2))

# -- cosine

of("cosine")(lambda t: warm(lambda p: B * half(p), t))
of("cosine waves")(
    lambda t: B * t / W if t < W else B * (1 + cos(2 * pi * mpf("1.5") * (t - W) / 950)) / 2
)
of("cosine with hard restarts")(
    lambda t: warm(lambda p: B * half((3 * p) % 1) if p < 1 else mpf(0), t)
)


@of("warm restarts")
def warm_restarts(t: Any) -> Any:
    length = mpf(100)
    while t >= length:
        t, length = t - length, 2 * length
    return B * half(t / length)


@of("warm restarts with falling peaks")
def falling_restarts(t: Any) -> Any:
    low = num("0.01") * B
    return low + (B / 2 ** floor(t / 200) - low) * half((t % 200) / 200)


@of("warm restarts with a warm-up in each cycle")
def warmed_restarts(t: Any) -> Any:
    top, t = B * num("0.8") ** floor(t / 250), t % 250
    return top * t / 50 if t < 50 else top * half((t - 50) / 200)


of("restarts of their own length and height")(
    lambda t: B * half(t / 400) if t < 400 else B / 2 * half((t - 400) / 600)
)
of("cosine to a power")(lambda t: B * half(t / T) ** 2)
of("k-decay cosine")(lambda t: B * half(clip(t / T) ** 2))
of("k-decay polynomial")(lambda t: B * (1 - clip(t / T) ** 2))
of("quarter cosine")(lambda t: warm(lambda p: B * cos(pi * p / 2), t))


@of("second half of a cosine")
def second_half(t: Any) -> Any:
    low = num("0.1") * B
    top = (low + B) / 2
    return warm(lambda p: low + (B - low) * (1 + cos(pi * (1 + p) / 2)) / 2, t, top=top)


of("flat, then cosine")(lambda t: B if t < 750 else B * half((t - 750) / 250))


@of("cosine cut short, then linear")
def cut_cosine(t: Any) -> Any:
    low = num("0.1") * B

    def curve(t: Any) -> Any:
        return warm(lambda p: low + (B - low) * half(p), t)

    return curve(t) if t < 800 else curve(mpf(800)) * (1 - clip((t - 800) / 200))


of("cosine under a line")(lambda t: B * half(t / T) * (1 - clip(t / T)))

# -- cyclical


def triangle(t: Any, rise: int = 100, fall: int = 100) -> Any:
    t = t % (rise + fall)
    return t / rise if t < rise else (rise + fall - t) / fall


LOW = num("0.1") * B
of("triangular")(lambda t: LOW + (B - LOW) * triangle(t))
of("triangular2")(lambda t: LOW + (B - LOW) * triangle(t) / 2 ** floor(t / 200))
of("exp_range")(lambda t: LOW + (B - LOW) * triangle(t) * num("0.999") ** t)
of("triangles with an amplitude of their own")(
    lambda t: LOW + (B - LOW) * triangle(t, 50, 150) / (1 + floor(t / 200))
)
of("sawtooth")(lambda t: LOW + (B - LOW) * (t % 100) / 100)


@of("one cycle")
def one_cycle(t: Any) -> Any:
    begin, end = B / 25, B / 250_000
    if t < 300:
        return B + (begin - B) * half(t / 300)
    return end + (B - end) * half((t - 300) / 700)


@of("one cycle in three phases")
def three_phases(t: Any) -> Any:
    begin, end = B / 25, B / 250_000
    if t < 600:
        return begin + (B - begin) * (t / 300 if t < 300 else (600 - t) / 300)
    return begin + (end - begin) * clip((t - 600) / 400)


@of("one cycle, then inverse time")
def cycle_and_decay(t: Any) -> Any:
    if t < 400:
        return LOW + (B - LOW) * (t / 200 if t < 200 else (400 - t) / 200)
    return LOW / (1 + (t - 400) / 100)


@of("slanted triangular")
def slanted(t: Any) -> Any:
    share = t / 100 if t < 100 else 1 - clip((t - 100) / 900)
    return B * (1 + share * 31) / 32


# -- inverse powers

of("Noam")(lambda t: min(1 / sqrt(t), t / mpf(400) ** mpf("1.5")) / sqrt(mpf(512)) if t else t)
of("inverse square root")(lambda t: B * t / W if t < W else B * sqrt(W / t))
of("inverse square root with a time scale")(
    lambda t: B * t / W if t < W else B / sqrt(1 + (t - W) / 100)
)


@of("inverse square root with a cooldown")
def rsqrt_cooldown(t: Any) -> Any:
    if t < 800:
        return B * t / W if t < W else B * sqrt(W / t)
    return B * sqrt(W / 800) * (1 - clip((t - 800) / 200))


of("power law")(lambda t: B * t / W if t < W else B * (1 + (t - W) / 100) ** -num("0.7"))
of("power scheduler")(lambda t: min(B, B * (t / 100) ** -num("0.51")) if t else B)

# -- warm-up, stable, decay

of("WSD with a linear cooldown")(lambda t: wsd(lambda q: 1 - q, t))
of("WSD with a cosine cooldown")(lambda t: wsd(half, t))
of("WSD with a 1-sqrt cooldown")(lambda t: wsd(lambda q: 1 - sqrt(q), t))
of("WSD with a power cooldown")(lambda t: wsd(lambda q: 1 - q**2, t))
of("WSD with an exponential cooldown")(lambda t: wsd(lambda q: 2 * mpf("0.5") ** q - 1, t))
of("WSD with a half-life cooldown")(lambda t: wsd(lambda q: mpf("0.5") ** (4 * q), t))
of("WSD with a cooldown of your own")(lambda t: wsd(lambda q: (1 - q) ** 2, t))
of("WSD with a mirrored cosine cooldown")(lambda t: wsd(lambda q: 2 * (1 - q) - half(q), t))
of("WSD with a lowered linear cooldown")(lambda t: wsd(lambda q: num("0.7") * (1 - q), t))


@of("WSD-S")
def repeated(t: Any) -> Any:
    if t < 350:
        return min(B * t / W, B)
    if t < 450:
        return B + (LOW - B) * (t - 350) / 100
    return B if t < 900 else B + (LOW - B) * clip((t - 900) / 100)


@of("late cooldown")
def late(t: Any) -> Any:
    end, at = num("0.01") * B, B * half(mpf(450) / 950)
    if t < 500:
        return warm(lambda p: B * half(p), t)
    return at + (end - at) * clip((t - 500) / 200)


@of("tri-stage")
def tri_stage(t: Any) -> Any:
    if t < 100:
        return num("0.01") * B + (B - num("0.01") * B) * t / 100
    return B if t < 500 else B * num("0.05") ** clip((t - 500) / 500)


@of("infinite")
def infinite(t: Any) -> Any:
    held, end = num("0.3") * B, num("0.01") * B
    if t < 300:
        return B * t / W if t < W else held + (B - held) * half((t - W) / 250)
    return held if t < 800 else held * (end / held) ** clip((t - 800) / 200)


@of("knee")
def knee(t: Any) -> Any:
    if t < 500:
        return min(B * t / W, B)
    return B * (1 - clip((t - 500) / 500))


of("WSM", "linear warm-up")(lambda t: min(B * t / W, B))


@of("DeepSeek multi-step")
def deepseek(t: Any) -> Any:
    return B * min(t / 10, mpf(1)) * num("0.316") ** ((t >= 800) + (t >= 900))


@of("speedrun trapezoid")
def speedrun(t: Any) -> Any:
    return min(B * (t + 1) / 40, B, B * clip((T - t) / 400))


# -- warm-ups

of("constant warm-up")(lambda t: LOW if t < W else B)
of("exponential warm-up", "untuned exponential warm-up")(lambda t: B * (1 - exp(-(t + 1) / 100)))
of("cosine warm-up")(lambda t: B * (1 - half(t / W)))
of("1-sqrt warm-up")(lambda t: B * (1 - sqrt(1 - clip(t / W))))
of("quadratic warm-up")(lambda t: B * clip(t / W) ** 2)
of("logarithmic warm-up")(lambda t: B * min(log(t + 1) / log(mpf(100)), mpf(1)))
of("untuned linear warm-up")(lambda t: B * min((1 - num("0.99")) * (t + 1) / 2, mpf(1)))


@of("RAdam's rectification")
def rectified(t: Any) -> Any:
    beta2, n = num("0.99"), t + 1
    whole = 2 / (1 - beta2) - 1
    rho = whole - 2 * n * beta2**n / (1 - beta2**n)
    if rho <= 4:
        return mpf(0)
    return B * sqrt((rho - 4) * (rho - 2) * whole / ((whole - 4) * (whole - 2) * rho))


of("inverse warm-up")(lambda t: B * (20 - 19 * clip(t / W)))

# -- other published shapes

of("hyperbolic tangent decay")(lambda t: B * (1 - tanh(-6 + 9 * clip(t / T))) / 2)
of("REX")(lambda t: B * (1 - clip(t / T)) / (1 - clip(t / T) / 2))


def hyperbola(t: Any) -> Any:
    n, upper = T, mpf("2.5") * T
    return sqrt((n - min(t, n)) / upper * (2 - (n + min(t, n)) / upper))


of("HyperbolicLR")(lambda t: B + (B - LOW) * (hyperbola(t) - hyperbola(mpf(0))))
of("ExpHyperbolicLR")(lambda t: B * (B / LOW) ** (hyperbola(t) - hyperbola(mpf(0))))


@of("Chebyshev")
def chebyshev(t: Any) -> Any:
    order = [1]
    while len(order) < 16:
        order = [each for k in order for each in (k, 2 * len(order) + 1 - k)]
    place = order[int(min(floor(t * 16 / T), 15))]
    small = num("0.05")
    return B * small / ((1 + small) / 2 - (1 - small) / 2 * cos(pi * (place - mpf("0.5")) / 16))


@of("anneal to an averaging rate")
def swa(t: Any) -> Any:
    rate, at = B / 2, B * half(mpf(700) / 950)
    if t < 750:
        return warm(lambda p: B * half(p), t)
    return rate + (at - rate) * half((t - 750) / 50)


@of("proportional to another")
def proportional(t: Any) -> Any:
    low, high = num("0.02"), num("0.1")
    return low + (high - low) * warm(lambda p: B * half(p), t) / B


of("product of factors")(lambda t: B * min(t / W, mpf(1)) / sqrt(1 + t / W))


@of("one after another")
def sequence(t: Any) -> Any:
    if t < 500:
        return B * t / W if t < W else B / 2
    return B * half((t - 500) / 500)


# -- moved by reports: those of `PASTS` in test_formulas.py

of("reduce on plateau")(lambda t: B / 10 ** sum(t >= when for when in (300, 400)))
of("GreedyLR")(lambda t: B * (1 if t < 200 else 4 if 500 <= t < 600 else 2))
of("ABEL")(lambda t: B / 10 ** sum(t >= when for when in (400, 600)))

# -- other numbers


@of("momentum against the rate")
def momentum(t: Any) -> Any:
    low, high = num("0.85"), num("0.95")
    return high + (low - high) * (1 - half(t / 300 if t < 300 else 1 - clip((t - 300) / 700)))


of("weight-decay ramp")(
    lambda t: num("0.04") + (num("0.4") - num("0.04")) * (1 - cos(pi * clip(t / T))) / 2
)
of("linear weight decay to zero")(lambda t: B * (1 - clip(t / T)))
of("weight decay in step with the rate")(lambda t: warm(lambda p: B * half(p), t))
of("batch size in steps")(lambda t: mpf(32 if t < 300 else 64 if t < 600 else 128))
of("batch size ramp")(lambda t: mpf(32) + 32 * min(floor(t * 7 / 500), 7))
of("Seesaw, the rate")(lambda t: B * 2 ** (-floor(t / 200) / 2))
of("Seesaw, the batch size")(lambda t: 64 * mpf(2) ** floor(t / 200))
of("sequence length")(lambda t: 64 * nint((64 + 960 * clip(t / 500)) / 64))
of("Muon momentum warm-up")(lambda t: num("0.85") + (num("0.95") - num("0.85")) * clip(t / 300))


@of("Muon momentum warm-up and cooldown")
def muon_cooldown(t: Any) -> Any:
    low, high = num("0.85"), num("0.95")
    return low + (high - low) * min(clip(t / 150), clip((T - t) / 50))


of("Adafactor's beta2")(lambda t: 1 - (t + 1) ** -num("0.8"))
of("EMA decay, warmed up")(lambda t: min(num("0.999"), (1 + t) / (10 + t)))
of("EMA decay, power")(lambda t: clip(1 - (1 + t) ** -mpf(2 / 3), 0, num("0.9999")))
of("post-hoc EMA")(lambda t: (1 - 1 / (t + 1)) ** (num("6.94") + 1))
of("EMA half-life ramp")(
    lambda t: mpf("0.5") ** (512 / min(mpf(500_000), num("0.05") * 512 * t)) if t else mpf(0)
)
of("DINO teacher temperature")(lambda t: num("0.04") + (num("0.07") - num("0.04")) * clip(t / 300))
of("DINO teacher momentum")(lambda t: 1 - (1 - num("0.996")) * half(t / T))


@of("DINO cosine")
def dino(t: Any) -> Any:
    if t < 50:
        return B * min(t / 49, mpf(1))
    return LOW + (B - LOW) * half((t - 50) / 950)


of("frozen at first")(lambda t: mpf(0) if t < 10 else warm(lambda p: B * half(p), t))
of("drop path over the run")(lambda t: num("0.3") * clip(t / T))
of("early drop path")(lambda t: num("0.1") if t < 200 else mpf(0))
of("KL annealing, cyclical")(lambda t: min(2 * (t % 250) / 250, mpf(1)) if t < T else mpf(1))
of("KL annealing, sigmoid")(lambda t: 1 / (1 + exp(-(-10 + 20 * clip(t / T)))))
of("DANN lambda")(lambda t: 2 / (1 + exp(-10 * clip(t / T))) - 1)
of("epsilon-greedy, linear")(lambda t: 1 + (num("0.05") - 1) * clip(t / 100))
of("epsilon-greedy, exponential")(
    lambda t: num("0.05") + (num("0.9") - num("0.05")) * exp(-t / 250)
)
of("Gumbel temperature")(lambda t: max(mpf("0.5"), exp(-num("0.003") * t)))
of("label smoothing decay")(lambda t: num("0.1") * (1 - clip(t / 500)))
of("scheduled sampling, inverse sigmoid")(lambda t: 100 / (100 + e ** (min(t, T) / 100)))
