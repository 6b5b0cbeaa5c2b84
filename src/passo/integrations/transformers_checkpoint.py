"""What a checkpoint of the Trainer keeps of `Passo` in trainer_state.json, and how it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR, IntervalStrategy

from passo.ground.files import replacing
from passo.schedules import PassoError, Schedule, parse

if TYPE_CHECKING:
    from passo.integrations.attachment import Attachment

NAME: Final = "Passo"  # of the class: a checkpoint has it for a key
_NO_TEXT: Final = object()


# -- what the callback is made of


def arguments(waits: Attachment, carry: Any) -> dict[str, Any]:
    """What it was made of as JSON; no plan where something in that is no text."""
    given = {name: each for name, each in waits.options.items() if name != "carry"}
    given |= {"plan": waits.plan, "seek": waits.seek}
    given |= {} if carry is None else {"carry": carry}
    given["run"] = None if waits.run is None else repr(waits.run)
    told = {name: _text(each) for name, each in given.items()}
    return {"plan": None} if _NO_TEXT in told.values() else told


def read_plan(plan: Any) -> Any:
    """A plan, or its text; raises PassoError where none was given, or the checkpoint keeps none."""
    if plan is None:
        msg = (
            "Passo needs a plan; write callbacks=[Passo(warmup_cosine())]. A checkpoint keeps no "
            "plan by groups: leave restore_callback_states_from_checkpoint=False with one"
        )
        raise PassoError(msg)
    return read(plan)


def read(plan: Any) -> Any:
    """A plan, or its text: that is how a checkpoint keeps it."""
    if isinstance(plan, str):
        return parse(plan)
    if isinstance(plan, Mapping):
        return {key: parse(each) if isinstance(each, str) else each for key, each in plan.items()}
    return plan


def _text(thing: Any) -> Any:
    """A value of JSON that `Passo` takes for this one."""
    if thing is None or isinstance(thing, (bool, int, float, str)):
        return thing
    if isinstance(thing, Schedule):
        return repr(thing)
    if isinstance(thing, Mapping):
        held = {key: _text(each) for key, each in thing.items()}
        return _NO_TEXT if _NO_TEXT in held.values() else held
    if isinstance(thing, (list, tuple)) and all(type(each) in (int, float) for each in thing):
        return list(thing)
    return _NO_TEXT


# -- where a run goes on


def saved_in(state: Any) -> Mapping[str, Any] | None:
    """What the checkpoint that is resumed from keeps of this callback.

    Where training went on without it, that is of an update before.
    """
    held = state.stateful_callbacks.get(NAME) if state.global_step else None
    saved: Mapping[str, Any] | None = None if held is None else held["attributes"]["saved"]
    return saved if saved is not None and saved["update"] == state.global_step else None


def lacks_a_report(args: Any, state: Any) -> bool:
    """Whether the checkpoint that is gone on from was written before the evaluation of its epoch.

    That of an epoch's end comes after what is saved by updates.
    """
    saved = saved_in(state)
    by_epochs = args.eval_strategy == IntervalStrategy.EPOCH
    if saved is None or not by_epochs or saved.get("heard", True):
        return False
    epoch = float(state.epoch or 0.0)
    return epoch.is_integer() and epoch >= max(args.eval_delay or 0, 1)


def begin_with_todays(optimizer: Any, saved: Mapping[str, Any] | None) -> None:
    """Let what the script says today be what each group begins with.

    A checkpoint brings the `initial_lr` of its own day.
    """
    today = made_with(optimizer)
    for group in optimizer.param_groups:
        if saved is not None and float(group.get("initial_lr", today)) == saved["lr"]:
            group["initial_lr"] = today


def made_with(optimizer: Any) -> float:
    """The rate that the optimizer was made with, which no checkpoint brings."""
    return float(optimizer.defaults.get("lr", 0.0))


# -- what is written


def rewrite(args: Any, state: Any, told: dict[str, Any]) -> None:
    """The report into the checkpoint that was written before its evaluation."""
    folder = Path(args.output_dir) / f"{PREFIX_CHECKPOINT_DIR}-{state.global_step}"
    path = folder / TRAINER_STATE_NAME
    if path.is_file() and not state.is_hyper_param_search:
        held = json.loads(path.read_text("utf-8"))
        held["stateful_callbacks"][NAME] = told
        with replacing(path) as file:
            file.write((json.dumps(held, indent=2, sort_keys=True) + "\n").encode())
