"""torch's schedulers read by the drop-in: its class of that name, with what the live one holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from torch.optim import lr_scheduler as torchs
from torch.optim.swa_utils import SWALR

from passo.optim import lr_scheduler as ours
from passo.optim.ground import fields
from passo.optim.lift import inside, twin_of
from passo.schedules import Constant, Cosine, Linear, PassoError, steps

if TYPE_CHECKING:
    from passo.schedules import Schedule

_TORCH: Final = torchs.LRScheduler.__module__


class Read(NamedTuple):
    """What was read: the schedules of each field, group by group, and those of all groups."""

    groups: dict[str, tuple[Schedule, ...]]
    common: dict[str, Schedule]
    remarks: tuple[str, ...] = ()


def is_known(live: Any) -> bool:
    """Whether it is of a class of torch's or of the drop-in's, and of none that somebody made."""
    kind = type(live)
    home = kind.__module__
    if kind is SWALR:
        return True
    if home != _TORCH and not home.startswith(f"{ours.__name__}."):
        return False
    return hasattr(ours, kind.__name__) and all(map(is_known, getattr(live, "_schedulers", ())))


def read(live: Any) -> Read:
    """The plan of a class that is known; raises PassoError where there is no closed form."""
    if isinstance(live, SWALR):
        return _swa(live)
    copied, _ = twin_of(live)
    twin = _ours(copied)
    groups = {"lr": tuple(twin.schedules)}
    if any(getattr(each, "cycle_momentum", False) for each in inside(live)):
        common = twin.plan
        groups["momentum"] = (common["momentum"],) * len(groups["lr"])
    else:
        common = _common(twin)
    heard: tuple[str, ...] = ()
    if isinstance(live, torchs.ReduceLROnPlateau) and live.last_epoch > 0:
        remark = (
            f"It has heard {live.last_epoch} metrics (best {live.best:.6g}, "
            f"{live.num_bad_epochs} bad ones since): the expression begins anew, from the rate "
            "that is there."
        )
        heard = (remark,)
    return Read(groups, common, heard)


def _swa(live: Any) -> Read:
    """From the base to the rate of the average, over the epochs that it anneals."""
    shape = Cosine if "cosine" in getattr(live.anneal_func, "__name__", "") else Linear
    found = []
    for group in live.optimizer.param_groups:
        goal, over = float(group["swa_lr"]), live.anneal_epochs
        begin = fields.Field("initial_lr").read(group)
        found.append(shape(begin, goal, steps(over)) if over else Constant(goal))
    return Read({"lr": tuple(found)}, {})


def _common(twin: Any) -> dict[str, Schedule]:
    """The one schedule of all groups, where there is one."""
    try:
        return {"lr": twin.schedule}
    except PassoError:
        return {}


def _ours(copied: Any) -> Any:
    """The drop-in's scheduler with the state of torch's, on the same copied groups."""
    if isinstance(copied, ours.LRScheduler):
        return copied
    held = dict(vars(copied))
    if "_schedulers" in held:
        held["_schedulers"] = [_ours(each) for each in held["_schedulers"]]
    made = getattr(ours, type(copied).__name__)
    twin = made.__new__(made)
    if isinstance(copied, torchs.ReduceLROnPlateau):
        groups = copied.optimizer.param_groups
        held["_first_lrs"] = [fields.Field("lr").read(group) for group in groups]
    twin.__setstate__(held)
    return twin
