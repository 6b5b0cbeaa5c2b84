"""mmengine: param schedulers as a list of configurations, each in a window of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from passo.catalogue.like.common import listed
from passo.catalogue.like.libraries.mmengine_curves import Heard
from passo.catalogue.like.libraries.mmengine_windows import MMENGINE
from passo.catalogue.like.registry import Past, Plan
from passo.catalogue.like.windows import Clock, Window, joined
from passo.ground.calls import called_like
from passo.ground.checks import brief, whole
from passo.ground.errors import PassoError
from passo.schedules import (
    Schedule,
    base,
)


@called_like('like.mmengine([{"type": "LinearLR", "end": 5}], steps_per_epoch=391)')
def mmengine(
    schedulers: Any, /, *, steps_per_epoch: int | None = None, past: Past = "theirs"
) -> Plan:
    """The param schedulers of a configuration of mmengine, all of them together.

        param_scheduler = [dict(type="LinearLR", ...), dict(type="CosineAnnealingLR", ...)]

    Each multiplies what is there, or draws it to its floor, from its begin to before its end. The
    answer is an expression of `base`, or a mapping where another field than the lr is moved
    ("momentum", or a param_name). `steps_per_epoch` is the length of the loader: with it all is in
    updates, without it all must count epochs. `past` "hold" stops a cosine at T_max, where theirs
    climbs again. Raises PassoError for a type or a value without meaning, WrongCall for arguments
    that a type does not take. Source: mmengine.optim.scheduler, 0.10.7.

    >>> mmengine([{"type": "LinearLR", "start_factor": 0.1, "end": 5, "by_epoch": False}])
    Linear(0.1 * base, base, steps(4)).until(steps(5)).then(Constant(base))
    """
    given = [schedulers] if isinstance(schedulers, Mapping) else listed(schedulers, "schedulers")
    each = None if steps_per_epoch is None else whole(steps_per_epoch, "steps_per_epoch")
    fields: dict[str, list[Window]] = {}
    plateaus: dict[str, list[Heard]] = {}
    for config in given:
        field, made = _made(config, each, past)
        found: dict[str, list[Any]] = plateaus if isinstance(made, Heard) else fields
        found.setdefault(field, []).append(made)
    windows = [window for some in fields.values() for window in some]
    mixed = [window.name for window in windows if not window.by_epoch]
    if each is None and len(mixed) < len(windows) + sum(map(len, plateaus.values())) and mixed:
        msg = f"{mixed[0]} counts updates and others count epochs; give steps_per_epoch=len(loader)"
        raise PassoError(msg)
    unit = 1 if each is None and mixed else each
    plan = {
        field: _whole(fields.get(field, []), plateaus.get(field, []), unit)
        for field in dict.fromkeys([*fields, *plateaus])
    }
    if not plan:
        msg = 'mmengine needs at least one scheduler; write [{"type": "LinearLR", "end": 5}]'
        raise PassoError(msg)
    return plan["lr"] if list(plan) == ["lr"] else plan


MMENGINE.alone = lambda config, past: mmengine([config], past=past)


def _made(config: Any, each: int | None, past: Past) -> tuple[str, Any]:
    """A configuration as the field that it moves and the window in which it does."""
    if not isinstance(config, Mapping) or not isinstance(config.get("type"), str):
        msg = f'a scheduler is a dict with a "type", got {brief(config)}'
        raise PassoError(msg)
    given = {key: value for key, value in config.items() if key != "type"}
    kind = config["type"]
    method = MMENGINE.find(kind)
    field = "momentum" if kind.endswith("Momentum") else "lr"
    if kind.endswith("ParamScheduler"):
        field = given.pop("param_name", None)
        if not isinstance(field, str):
            msg = f'{method.where(kind)}: param_name must be a string such as "lr", got {field!r}'
            raise PassoError(msg)
    if given.pop("convert_to_iter_based", False):
        given = _in_updates(given, each, method.where(kind))
    if kind.startswith("OneCycle") and field != "lr":
        msg = f"{method.where(kind)}: OneCycle moves the lr alone, got param_name={field!r}"
        raise PassoError(msg)
    return field, MMENGINE.window(kind, given, past)


def _in_updates(given: Mapping[str, Any], each: int | None, where: str) -> dict[str, Any]:
    """The same counted in updates: every length is so many times longer."""
    if each is None or given.get("by_epoch", True) is not True:
        msg = (
            f"{where}: convert_to_iter_based turns epochs into updates; give "
            "steps_per_epoch=len(loader), and no by_epoch=False"
        )
        raise PassoError(msg)
    longer = dict(given, by_epoch=False)
    for name in ("begin", "end", "T_max", "step_size", "total_steps"):
        if given.get(name) is not None:
            longer[name] = whole(given[name], f"{where}: {name}", least=0) * each
    for name in ("milestones", "periods"):
        if name in given:
            longer[name] = [whole(one, f"{where}: {name}", least=0) * each for one in given[name]]
    return longer


def _whole(windows: list[Window], plateaus: list[Heard], each: int | None) -> Schedule:
    """The curve of a field: its windows, times its plateaus."""
    curve = joined(windows, each) if windows else None
    clock = Clock(each)
    for plateau in plateaus:
        fixed = [window.name for window in windows if window.factor is None]
        if curve is not None and (fixed or plateau.least):
            msg = (
                f"ReduceOnPlateau and {fixed[0] if fixed else windows[0].name} act at once, and "
                "what they do does not multiply; leave out eta_min and min_value"
            )
            raise PassoError(msg)
        curve = plateau.on(clock) * (base if curve is None else curve)
        if plateau.least:
            curve = curve.clip(low=plateau.least).minimum(base)
    assert curve is not None  # noqa: S101
    return curve
