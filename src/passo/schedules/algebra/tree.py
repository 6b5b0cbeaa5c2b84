"""Walking a tree from the inside out with a stack of our own: depth costs no recursion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from passo.schedules.time import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


class _Frame(NamedTuple):
    node: Any
    context: Any
    waiting: list[tuple[Any, Any]]
    done: list[Any]


def rebuilt(
    root: Any,
    context: Any,
    enter: Callable[[Any, Any], Sequence[Any]],
    leave: Callable[[Any, Any, list[Any]], Any],
) -> Any:
    """What `leave(node, context, rebuilt parts)` makes of the root, and of each part before it.

    `enter(node, context)` gives each part its context.
    """

    def frame(node: Any, context: Any) -> _Frame:
        parts = list(node._parts())
        waiting = list(zip(parts, enter(node, context), strict=True)) if parts else []
        return _Frame(node, context, waiting[::-1], [])

    stack = [frame(root, context)]
    while True:
        top = stack[-1]
        if top.waiting:
            stack.append(frame(*top.waiting.pop()))
            continue
        made = leave(top.node, top.context, top.done)
        stack.pop()
        if not stack:
            return made
        stack[-1].done.append(made)


def settle(root: Any, attribute: str, make: Callable[[Any], Any]) -> Any:
    """`attribute` of the root, set to `make(node)` on each node that lacks it, parts before wholes.

    >>> from passo import Constant
    >>> settle(2 * Constant(1.0).clip(low=0), "_text", lambda node: node._write())
    '2 * Constant(1).clip(low=0)'
    """
    stack = [root]
    while stack:
        node = stack[-1]
        missing = [part for part in node._parts() if not hasattr(part, attribute)]
        if missing:
            stack.extend(reversed(missing))
            continue
        stack.pop()
        if not hasattr(node, attribute):
            object.__setattr__(node, attribute, make(node))
    return getattr(root, attribute)


def inside(value: Any, kind: type) -> Iterator[Any]:
    """What is of that kind in the value of a field, in tuples too.

    >>> list(inside(((1, "a"), 2), int))
    [1, 2]
    """
    if isinstance(value, kind):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from inside(each, kind)


def exchanged(value: Any, kind: type, others: Iterator[Any], span: Callable[[Span], Span]) -> Any:
    """The value of a field with all that is of `kind` replaced in order, and spans changed.

    >>> exchanged(((1, "a"), 2), int, iter([7, 8]), lambda span: span)
    ((7, 'a'), 8)
    """
    if isinstance(value, kind):
        return next(others)
    if isinstance(value, Span):
        return span(value)
    if isinstance(value, tuple):
        return tuple(exchanged(each, kind, others, span) for each in value)
    return value
