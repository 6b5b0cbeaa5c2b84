"""What somebody else may have written: right files with one thing or a few made wrong.

`MUTATIONS` of each kind of file are tried; the variable PASSO_MUTATIONS sets another number, as
before a release: PASSO_MUTATIONS=5000 python -m pytest tests -k mutation.
"""

from __future__ import annotations

import copy
import json
import os
import re
import time
from contextlib import contextmanager

MUTATIONS = int(os.environ.get("PASSO_MUTATIONS", "300"))
SHARES = 10  # parametrized tests of each kind, so that several processes may run them
LONGEST = 2_000  # characters of an error
NESTED = 0.1
SLOWEST = 20.0  # seconds of one file

ODD = [
    None, True, False, 0, 1, -1, -3, 2, 7, 1.9, -5, -0.0, 1e-320, 1e308, -1e308, 10**18, 10**19,
    10**400, -(10**400), float("nan"), float("inf"), float("-inf"), "", "x", "nan", "inf", "-inf",
    "1e999", "0.5", "9" * 5000, "\ud800", "lr", [], {}, [[]], [None], {"a": 1}, [1, 2, 3], "steps",
]  # fmt: skip


def seeds(share):
    """The seeds of one share of the mutations."""
    return range(share, MUTATIONS, SHARES)


@contextmanager
def in_time():
    """The block takes bounded time."""
    begin = time.process_time()
    yield
    assert time.process_time() - begin < SLOWEST


def in_words(error, seed=None):
    """An error speaks to somebody, and not at length."""
    text = str(error)
    assert 10 < len(text) < LONGEST, (seed, text)
    assert " object " not in text, (seed, text)
    assert "__" not in text, (seed, text)


def changed(tree, rng):
    """The tree with one to three things in it made wrong."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        spots = list(_spots(tree))
        if spots:
            rng.choice(CHANGES)(*rng.choice(spots), rng, spots)
    spots = list(_spots(tree))
    if spots and rng.random() < NESTED:
        _nest(*rng.choice(spots), rng)
    return tree


def _spots(tree):
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        for key in holder if isinstance(holder, dict) else range(len(holder)):
            yield holder, key
            if isinstance(holder[key], (dict, list)):
                waiting.append(holder[key])


def _retype(holder, key, rng, _spots):
    holder[key] = copy.deepcopy(rng.choice(ODD))


def _drop(holder, key, _rng, _spots):
    del holder[key]


def _swap(holder, key, rng, spots):
    other, its = rng.choice(spots)
    value = copy.deepcopy(holder[key])
    holder[key] = copy.deepcopy(other[its])
    other[its] = value


def _nudge(holder, key, rng, _spots):
    value = holder[key]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        holder[key] = rng.choice((value + 1, -value, value * 10, value // 3, str(value), [value]))
    elif isinstance(value, str):
        holder[key] = rng.choice((value + "x", value[:-1], value.upper(), [value], value * 50))
    elif isinstance(value, list):
        value.extend(copy.deepcopy(value[:2]))
    elif isinstance(value, dict):
        value["more"] = 1


def _nest(holder, key, rng):
    deep = holder[key]
    for _ in range(rng.choice((1, 3, 150, 3_000))):
        deep = rng.choice(([deep], {"is": deep}))
    holder[key] = deep


CHANGES = (_retype, _retype, _retype, _drop, _swap, _nudge, _nudge)


def spoiled(raw, rng):
    """The bytes of a right file with something in them made wrong."""
    for _ in range(rng.choice((1, 1, 2))):
        raw = rng.choice(SPOILINGS)(raw, rng)
    return raw


def _flip(raw, rng):
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :]


def _truncate(raw, rng):
    return raw[: rng.randrange(len(raw) + 1)]


def _insert(raw, rng):
    at = rng.randrange(len(raw) + 1)
    odd = (b"\0", b"\xff", b"{", b"]", b",", b'"', b"9" * 400, b"[" * 5000, b"NaN", b"\n", b"-")
    return raw[:at] + rng.choice(odd) + raw[at:]


def _shuffle(raw, rng):
    lines = raw.splitlines(keepends=True)
    if len(lines) > 1:
        one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def _again(raw, rng):
    lines = raw.splitlines(keepends=True)
    if lines:
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    return b"".join(lines)


def _number(raw, rng):
    found = list(re.finditer(rb"-?\d+(\.\d+)?", raw))
    if not found:
        return raw
    spot, odd = rng.choice(found), rng.choice(ODD)
    written = json.dumps(odd).encode("ascii", "replace")
    return raw[: spot.start()] + written + raw[spot.end() :]


def _twice(raw, rng):
    found = list(re.finditer(rb'"[\w.]+": ?[^,{}\[\]]+', raw))
    if not found:
        return raw
    spot = rng.choice(found)
    return raw[: spot.end()] + b"," + spot[0] + raw[spot.end() :]


def _encode(raw, rng):
    how = rng.choice(("utf-8-sig", "utf-16", "utf-32", "utf-16-be"))
    return raw.decode("utf-8", "replace").encode(how)


SPOILINGS = (
    _flip, _flip, _truncate, _insert, _insert, _shuffle, _again, _number, _number, _number, _twice,
    _encode,
)  # fmt: skip
