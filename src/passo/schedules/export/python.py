"""The emitters: one for each leaf and each node, with the formula that it has as a value."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.schedules.algebra.periods import as_quotient, growing_starts
from passo.schedules.algebra.sequence import amount_of
from passo.schedules.export import plain
from passo.schedules.export.code import (
    ALONE,
    ATOM,
    OPERAND,
    PRODUCT,
    SUM,
    TAB,
    Code,
    Emitter,
    Writer,
    number,
)
from passo.schedules.shapes.published import LANGEVIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from passo.schedules.algebra.schedule import Schedule

_MOST_CYCLES: Final = 1000


# -- leaves


def _fields(node: Schedule, parts: list[Code]) -> Iterator[str]:
    """Numbers, and expressions of `base`, in the order of the fields; spans are in t's unit."""
    others = iter(parts)
    for value in node._fields().values():
        if hasattr(value, "compiled"):
            yield next(others).text
        elif hasattr(value, "amount"):
            yield number(float(value.amount))
        elif isinstance(value, (int, float)):
            yield number(value)


def _ramp(helper: Callable[..., Any]) -> Emitter:
    """A leaf from `start` to `end`; one of no length is its end."""

    def emit(writer: Writer, node: Any, parts: list[Code]) -> Code:
        if node.over.amount == 0:
            return parts[-1] if hasattr(node.end, "compiled") else Code(number(node.end))
        return writer.call(helper, *_fields(node, parts))

    return emit


def _constant(_writer: Writer, node: Any, parts: list[Code]) -> Code:
    return parts[0] if parts else Code(number(node.value))


def _exponential(writer: Writer, node: Any, parts: list[Code]) -> Code:
    start, gamma, _ = _fields(node, parts)
    p, q = as_quotient(node.every.amount)
    if q == 1.0:
        return writer.call(plain.exponential, start, gamma, number(p))
    return writer.call(plain.exponential_of_parts, start, gamma, number(p), number(q))


def _inverse_power(writer: Writer, node: Any, parts: list[Code]) -> Code:
    return writer.call(plain.inverse_power, *_fields(node, parts))


def _rectified(writer: Writer, node: Any, _parts: list[Code]) -> Code:
    terms = f"[{', '.join(map(number, LANGEVIN))}]"
    return writer.call(plain.rectified, *map(number, node._numbers()), terms)


def _table(writer: Writer, node: Any, parts: list[Code]) -> Code:
    others = iter(parts)
    values = [
        next(others).text if hasattr(value, "compiled") else number(value)
        for _, value in node.points
    ]
    times = [number(float(span.amount)) for span, _ in node.points]
    if node.kind == "step":
        return Code(f"[{', '.join(values)}][bisect_right([{', '.join(times[1:])}], {ALONE})]")
    helper: Callable[..., float] = plain.table if node.kind == "linear" else plain.cosine_table
    return writer.call(helper, f"[{', '.join(times)}]", f"[{', '.join(values)}]")


def plateau_refused(node: object) -> PassoError:
    """A plateau is no function of t."""
    return PassoError(
        f"{brief(node)} follows reports, and what is exported is a function of t alone; "
        "export the schedule without it"
    )


def _plateau(_writer: Writer, node: Any, _parts: list[Code]) -> Code:
    raise plateau_refused(node)


def _function(_writer: Writer, node: Any, _parts: list[Code]) -> Code:
    msg = (
        f"{brief(node)} is code of your own, which cannot be written out; "
        'write to="csv" for its values'
    )
    raise PassoError(msg)


# -- nodes


def _then(writer: Writer, node: Any, parts: list[Code]) -> Code:
    starts = [float(each) for each in accumulate(amount_of(part) for part in node.parts[:-1])]
    times = ["t", *(f"t - {number(start)}" for start in starts)]
    answers = [writer.at(part, time) for part, time in zip(parts, times, strict=True)]
    body: list[str] = []
    for answer, start in zip(answers, starts, strict=False):
        body += [f"if t < {number(start)}:", f"{TAB}return {answer}"]
    return Code("", body=(*body, f"return {answers[-1]}"))


def _joined(sign: str, level: int) -> Emitter:
    def emit(writer: Writer, node: Any, parts: list[Code]) -> Code:
        texts = [writer.plain(part) for part in parts]
        text = sign.join(each.text if each.level > level else f"({each.text})" for each in texts)
        return _ended(writer, node, Code(text, level, 1 + max(each.depth for each in texts)))

    return emit


def _extreme(name: str) -> Emitter:
    def emit(writer: Writer, node: Any, parts: list[Code]) -> Code:
        texts = [writer.plain(part) for part in parts]
        text = f"{name}({', '.join(each.text for each in texts)})"
        return _ended(writer, node, Code(text, ATOM, 1 + max(each.depth for each in texts)))

    return emit


def _ended(writer: Writer, node: Any, code: Code) -> Code:
    """Where a part that ends stands beside one that does not, all of them stop at that end."""
    length = node.length()
    if length is None or not any(part._endless and not part._timeless for part in node.parts):
        return code
    return _moved(writer, code, f"min({ALONE}, {number(float(length.amount))})")


def _moved(writer: Writer, code: Code, time: str) -> Code:
    """The same at a time that is an expression of ours."""
    one = writer.plain(code)
    return Code(writer.at(one, time), one.level, one.depth + 1)


def _clip(writer: Writer, node: Any, parts: list[Code]) -> Code:
    inner, *bounds = map(writer.plain, parts)
    others, text = iter(bounds), inner.text
    for name, bound in (("max", node.low), ("min", node.high)):
        if bound is not None:
            limit = next(others).text if hasattr(bound, "compiled") else number(bound)
            text = f"{name}({text}, {limit})"
    return Code(text, ATOM, inner.depth + 2)


def _raise(writer: Writer, node: Any, parts: list[Code]) -> Code:
    inner = writer.plain(parts[0])
    return Code(f"math.pow({inner.text}, {number(node.exponent)})", ATOM, inner.depth + 1)


def _round(writer: Writer, node: Any, parts: list[Code]) -> Code:
    inner = writer.plain(parts[0])
    text = inner.text if inner.level == ATOM else f"({inner.text})"
    return Code(f"round({text} / {number(node.to)}) * {number(node.to)}", PRODUCT, inner.depth + 1)


def _stretch(writer: Writer, node: Any, parts: list[Code]) -> Code:
    p, q = as_quotient(node.factor)
    times = "" if q == 1.0 else f" * {number(q)}"
    return _moved(writer, parts[0], f"{OPERAND}{times} / {number(p)}")


def _skip(writer: Writer, node: Any, parts: list[Code]) -> Code:
    return _moved(writer, parts[0], f"{OPERAND} + {number(float(node.span.amount))}")


def _until(writer: Writer, node: Any, parts: list[Code]) -> Code:
    return _moved(writer, parts[0], f"min({ALONE}, {number(float(node.span.amount))})")


def _staircase(writer: Writer, node: Any, parts: list[Code]) -> Code:
    p, q = as_quotient(node.span.amount)
    length = node.part.length()
    at = OPERAND if length is None else f"min({ALONE}, {number(float(length.amount))})"
    if q == 1.0:
        return _moved(writer, parts[0], f"{at} // {number(p)} * {number(p)}")
    stairs = f"{at} * {number(q)} // {number(p)} * {number(p)} / {number(q)}"
    return _moved(writer, parts[0], stairs)


def _cooldown(writer: Writer, node: Any, parts: list[Code]) -> Code:
    trunk = writer.plain(parts[0])
    at, over = float(node.at.amount), number(float(node.over.amount))
    here = writer.at(trunk, number(at)) if writer.arguments else number(node.part(at))
    end = parts[1].text if hasattr(node.end, "compiled") else number(node.end)
    descents: dict[str, Callable[..., float]] = {
        "linear": plain.linear,
        "cosine": plain.cosine,
        "1-sqrt": plain.powered,
    }
    power = ["0.5"] if node.shape == "1-sqrt" else []
    fall = writer.call(descents[node.shape], here, end, over, *power)
    return Code(
        "",
        body=(
            f"if t < {number(at)}:",
            f"{TAB}return {writer.at(trunk, 't')}",
            f"return {writer.at(fall, f't - {number(at)}')}",
        ),
    )


def _repeat(writer: Writer, node: Any, parts: list[Code]) -> Code:
    if node.grow != 1:
        return _growing(writer, node, parts)
    period = amount_of(node.part)
    p, q = as_quotient(period)
    times, back = ("", "") if q == 1.0 else (f" * {number(q)}", f" / {number(q)}")
    if node.times is None and node.scale == 1.0:
        return _moved(writer, parts[0], f"{OPERAND}{times} % {number(p)}{back}")
    body = [f"cycle, local = t{times} // {number(p)}, t{times} % {number(p)}{back}"]
    if node.times is not None:
        last = number(node.times - 1)
        held = f"{TAB}cycle, local = {last}, {number(float(period))}"
        body += [f"if cycle > {last}:", held]
    scale = "" if node.scale == 1.0 else f"math.pow({number(node.scale)}, cycle) * "
    return Code("", body=(*body, f"return {scale}{_factor(writer, parts[0])}"))


def _growing(writer: Writer, node: Any, parts: list[Code]) -> Code:
    if node.grow.denominator == 1 and amount_of(node.part).denominator == 1:
        return _doubling(writer, node, parts)
    starts = growing_starts(amount_of(node.part), node.grow, node.times)
    if len(starts) > _MOST_CYCLES:
        msg = (
            f"{brief(node)} has {len(starts):,} cycles of their own, more than the "
            f'{_MOST_CYCLES:,} that can be written out; write to="csv" for its values'
        )
        raise PassoError(msg)
    grow, period = float(node.grow), number(float(amount_of(node.part)))
    widths, scales = ([x**k for k in range(len(starts))] for x in (grow, node.scale))
    if node.times is not None and len(starts) < node.times:  # the end is that of the last cycle
        starts, widths = [*starts, float(amount_of(node))], [*widths, 1.0]
        scales.append(node.scale ** (node.times - 1))
    lists = {"starts": starts, "widths": widths, "scales": scales}
    body = [f"{name} = [{', '.join(map(number, each))}]" for name, each in lists.items()]
    body += [
        "k = bisect_right(starts, t) - 1",
        f"local = min((t - starts[k]) / widths[k], {period})",
    ]
    if node.times is not None:
        end = number(float(amount_of(node)))
        body += [f"if t >= {end}:", f"{TAB}local = {period}"]
    return Code("", body=(*body, f"return scales[k] * {_factor(writer, parts[0])}"))


def _doubling(writer: Writer, node: Any, parts: list[Code]) -> Code:
    """Cycles that are whole numbers are counted up in floats, without a rounding."""
    period, grow = number(float(amount_of(node.part))), number(float(node.grow))
    most = "" if node.times is None else f" and k < {node.times - 1}"
    scale = "" if node.scale == 1.0 else f"math.pow({number(node.scale)}, k) * "
    body = (
        "k, since, width = 0, 0.0, 1.0",
        f"while since + {period} * width <= min(t, 2.0**53){most}:",
        f"{TAB}k, since, width = k + 1, since + {period} * width, {grow} * width",
        f"local = min((t - since) / width, {period})",
        f"return {scale}{_factor(writer, parts[0])}",
    )
    return Code("", body=body)


def _factor(writer: Writer, part: Code) -> str:
    """A cycle at its own time, to be multiplied."""
    inner = writer.plain(part)
    text = writer.at(inner, "local")
    return text if inner.level > SUM else f"({text})"


EMITTERS: Final[dict[str, Emitter]] = {
    "Base": lambda _writer, _node, _parts: Code("base"),
    "Bounce": _plateau,
    "Clip": _clip,
    "Constant": _constant,
    "Cooldown": _cooldown,
    "Cosine": _ramp(plain.cosine),
    "CosinePower": _ramp(plain.cosine_power),
    "ExpHyperbolic": _ramp(plain.exp_hyperbolic),
    "Exponential": _exponential,
    "Function": _function,
    "Geometric": _ramp(plain.geometric),
    "Greedy": _plateau,
    "Hyperbolic": _ramp(plain.hyperbolic),
    "InversePower": _inverse_power,
    "KDecay": _ramp(plain.k_decay),
    "KDecayCosine": _ramp(plain.k_decay_cosine),
    "Linear": _ramp(plain.linear),
    "Logarithmic": _ramp(plain.logarithmic),
    "Maximum": _extreme("max"),
    "Minimum": _extreme("min"),
    "Plateau": _plateau,
    "Polynomial": _ramp(plain.polynomial),
    "Power": _ramp(plain.powered),
    "Product": _joined(" * ", PRODUCT),
    "Raise": _raise,
    "Rectified": _rectified,
    "Repeat": _repeat,
    "Rex": _ramp(plain.rex),
    "Round": _round,
    "Skip": _skip,
    "Staircase": _staircase,
    "Stretch": _stretch,
    "Sum": _joined(" + ", SUM),
    "Table": _table,
    "Tanh": _ramp(plain.tanh),
    "Then": _then,
    "Until": _until,
}
