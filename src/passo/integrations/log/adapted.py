"""Which adapter is for what somebody gives as a writer."""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import Any

from passo.ground.checks import brief
from passo.ground.errors import PassoError
from passo.ground.files import path_of
from passo.integrations.log.csv_file import CsvFile
from passo.integrations.log.metrics import Metrics
from passo.integrations.log.mlflow import MLflow
from passo.integrations.log.tensorboard import TensorBoard
from passo.integrations.log.trackio import Trackio
from passo.integrations.log.wandb import Wandb
from passo.integrations.log.writer import Adapter, Own

_RUNS = {"wandb": Wandb, "mlflow": MLflow, "trackio": Trackio}
_BEGIN = {"wandb": "wandb.init()", "trackio": "trackio.init()"}
NEEDS = (
    "a SummaryWriter, a run of wandb, MLflow or trackio, the path of a CSV file, or an object with "
    "write(name, value, update)"
)


def target_of(writer: Any) -> Any:
    """What is written to, to be known again: a file by its path."""
    if isinstance(writer, (str, os.PathLike)) and isinstance(os.fspath(writer), str):
        return Path(os.path.realpath(path_of(writer, "a log", "is written to")))
    return writer


def adapted(writer: Any, *, anew: bool) -> Adapter:
    """The adapter; `anew` refuses a file that is there. Raises PassoError for what is no writer."""
    if isinstance(writer, (str, os.PathLike)) and isinstance(os.fspath(writer), str):
        return CsvFile(writer, anew=anew)
    if isinstance(writer, Adapter):
        return writer
    if inspect.ismodule(writer) and writer.__name__ in _BEGIN:
        begin = _BEGIN[writer.__name__]
        msg = f"passo.log writes to a run, got the module {writer.__name__}; write {begin} for it"
        raise PassoError(msg)
    home = type(writer).__module__.partition(".")[0]
    if home in _RUNS and (hasattr(writer, "log") or hasattr(writer, "info")):
        return _RUNS[home](writer)
    if callable(getattr(writer, "add_scalar", None)):
        return TensorBoard(writer)
    if callable(getattr(writer, "log_metrics", None)):
        return Metrics(writer)
    _refuse_no_writer(writer)
    return Own(writer)


def _refuse_no_writer(writer: Any) -> None:
    write = getattr(writer, "write", None)
    if not callable(write) or inspect.isclass(writer):
        msg = f"passo.log needs {NEEDS}; got {brief(writer)}"
        raise PassoError(msg)
    try:
        inspect.signature(write).bind("lr/0", 0.1, 0)
    except TypeError:
        msg = f"passo.log needs {NEEDS}; write of {brief(writer)} takes other arguments"
        raise PassoError(msg) from None
    except ValueError:  # a method that cannot tell what it takes
        return
