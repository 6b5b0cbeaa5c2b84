"""What each library has on its disk is what the trace says: by the library's own reader."""

from __future__ import annotations

import json
import struct
from importlib import import_module
from time import monotonic, sleep
from types import SimpleNamespace
from uuid import uuid4

import numpy as np
import pytest
import torch

from passo import (
    Linear,
    PassoError,
    PassoWarning,
    Plateau,
    Run,
    Trace,
    attach,
    base,
    by_group,
    log,
    steps,
    warmup_cosine,
)
from passo.integrations.log.naming import named, reported
from tests.optim.tools import adam, sgd, update, weight

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
    "ignore::UserWarning",
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "error::passo.PassoWarning",
)
UPDATES, SAVED, LOST = 40, 20, 29
PLAN = {
    "lr": warmup_cosine() * Plateau("val_loss", patience=0),
    "betas[1]": by_group({"other": Linear(0.99, 0.9)}, others=None),
}


def go(optimizers, scheduler, until):
    while scheduler.clock < until:
        for each in optimizers.values():
            update(each)
        if scheduler.clock % 10 == 0:
            scheduler.report(val_loss=0.5)


def story(folder, begin, end):
    """A run of two optimizers that is broken off, and goes on from an earlier checkpoint."""
    record = folder / "trace.jsonl"
    values = {"ema": Linear(0.5, 1.0)}

    def made():
        optimizers = {"one": sgd(), "other": adam()}
        run = Run(steps(UPDATES))
        return optimizers, attach(optimizers, PLAN, run, values=values, record=record)

    optimizers, scheduler = made()
    with log(scheduler, writer := begin()):
        go(optimizers, scheduler, SAVED)
        saved = scheduler.state_dict()
        go(optimizers, scheduler, LOST)
    end(writer)
    del optimizers, scheduler
    optimizers, scheduler = made()
    scheduler.load_state_dict(saved)
    with log(scheduler, writer := begin()) as told:
        go(optimizers, scheduler, UPDATES)
    end(writer)
    assert told.lost == 0
    scheduler.detach()
    return Trace.load(record)


def expected(trace):
    """What the trace says: the numbers of each name, update by update."""
    found = {}
    for t, group, key, value in trace.rows():
        name = key if group is None else f"{key}/{trace.groups[group]}"
        found.setdefault(name, []).append((t, value))
    for metric in trace.metrics:
        found[metric] = list(zip(*trace.series(metric), strict=True))
    for event in trace.events:
        if event.kind == "fall":
            name = f"fall/{event.detail['keys'][0]}/{event.detail['metric']}"
            found.setdefault(name, []).append((event.clock, event.detail["after"]))
    assert set(found) == {
        *("lr/one/0", "lr/other/0", "betas[1]/other/0", "ema", "val_loss", "fall/lr/val_loss")
    }
    assert [t for t, _ in found["ema"]] == [*range(UPDATES)]
    return found


def test_tensorboard_has_the_trace_in_its_own_precision(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    trace = story(tmp_path, lambda: SummaryWriter(tmp_path / "tb"), SummaryWriter.close)
    read = EventAccumulator(str(tmp_path / "tb"), {"scalars": 0}).Reload()
    found = {
        tag: [(each.step, each.value) for each in read.Scalars(tag)]
        for tag in read.Tags()["scalars"]
    }
    assert found == {
        name: [(t, float(np.float32(value))) for t, value in rows]
        for name, rows in expected(trace).items()
    }


def test_a_summary_writer_that_purges_has_the_redone_updates(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    for seek, value in ((0, 1.0), (3, 0.5)):
        scheduler = attach(optimizer := sgd(), base)
        optimizer.param_groups[0]["lr"] = value
        scheduler.detach()
        scheduler = attach(optimizer, value)
        scheduler.seek(seek)
        writer = SummaryWriter(tmp_path, purge_step=seek)
        with log(scheduler, writer):
            update(optimizer, 5)
        writer.close()
    read = EventAccumulator(str(tmp_path), {"scalars": 0}).Reload()
    found = [(each.step, each.value) for each in read.Scalars("lr/0")]
    assert found == [(t, 1.0 if t < 3 else 0.5) for t in range(8)]


def wandb_records(file):
    """The records of wandb's own file: LevelDB's log of protobufs."""
    record = import_module("wandb.proto.wandb_internal_pb2").Record
    data, at, whole = file.read_bytes(), 7, b""
    while at + 7 <= len(data):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        size, kind = struct.unpack("<HB", data[at + 4 : at + 7])
        whole += data[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):  # a whole record, or the last piece of one
            yield record.FromString(whole)
            whole = b""


def wandb_rows(folder):
    """The history of an offline run, once wandb's own process has written its end."""
    (file,) = folder.glob("wandb/offline-run-*/*.wandb")
    end = monotonic() + 60
    while True:
        records = list(wandb_records(file))
        if any(each.HasField("exit") for each in records) or monotonic() > end:
            break
        sleep(0.1)
    rows = [each.history.item for each in records if each.HasField("history")]
    return [{".".join(each.nested_key): each.value_json for each in row} for row in rows]


@pytest.fixture
def wandb(monkeypatch, tmp_path):
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    return import_module("wandb")


def by_name(rows):
    found = {}
    for row in rows:
        for name, value in row.items():
            if ("/" in name and name != "passo/update") or name in ("ema", "val_loss"):
                t = int(json.loads(row["passo/update"]))
                found.setdefault(name, []).append((t, json.loads(value)))
    return found


def test_wandb_offline_has_the_trace_number_by_number(wandb, tmp_path):
    optimizers = {"one": sgd(), "other": adam()}
    run = Run(steps(UPDATES))
    values = {"ema": Linear(0.5, 1.0)}
    record = tmp_path / "trace.jsonl"
    scheduler = attach(optimizers, PLAN, run, values=values, record=record)
    writer = wandb.init(project="p", dir=str(tmp_path), reinit="finish_previous")
    with log(scheduler, writer) as told:
        while scheduler.clock < UPDATES:
            go(optimizers, scheduler, scheduler.clock + 1)
            writer.log({"loss": 0.1})  # the user's own, which moves the run's count of steps
            if scheduler.clock % 7 == 0:
                writer.log({"seen": 1})
    writer.finish()
    scheduler.detach()
    assert told.lost == 0
    found = by_name(wandb_rows(tmp_path))
    assert {name: sorted(rows) for name, rows in found.items()} == expected(Trace.load(record))


def test_wandb_goes_on_behind_what_a_resumed_run_has(wandb, tmp_path):
    class Resumed:
        """A run that the server gave back: no offline run is one."""

        step = 900
        summary = {"passo/update": 4, "lr/0": 0.5}  # noqa: RUF012
        rows = []  # noqa: RUF012

        def define_metric(self, name, step_metric):
            pass

        def log(self, row, step=None, commit=None):
            self.rows.append(row)

    Resumed.__module__ = "wandb.sdk.wandb_run"
    scheduler = attach(optimizer := sgd(), base)
    scheduler.seek(3)
    log(scheduler, Resumed())
    update(optimizer, 4)
    assert [row["passo/update"] for row in Resumed.rows if "lr/0" in row] == [5, 6]


def test_mlflow_on_sqlite_has_the_trace_number_by_number(tmp_path, monkeypatch):
    mlflow = import_module("mlflow")
    monkeypatch.chdir(tmp_path)
    mlflow.set_tracking_uri("sqlite:///runs.db")
    known = []

    def begin():
        known.append(mlflow.start_run(run_id=known[0].info.run_id if known else None))
        return known[-1]

    trace = story(tmp_path, begin, lambda _: mlflow.end_run())
    client, run = mlflow.MlflowClient(), known[0].info.run_id
    found = {
        name: [
            (each.step, each.value)
            for each in client.get_metric_history(run, name.replace("[1]", ".1"))
        ]
        for name in expected(trace)
    }
    assert {name: sorted(rows) for name, rows in found.items()} == expected(trace)
    scheduler = attach(optimizer := sgd(), base)
    with mlflow.start_run(), log(scheduler, mlflow):  # the module itself, whatever run is active
        update(optimizer, 3)
        run = mlflow.active_run().info.run_id
    assert [each.step for each in client.get_metric_history(run, "lr/0")] == [0, 1, 2]


def test_trackio_has_the_trace_number_by_number(tmp_path):
    trackio = import_module("trackio")
    from trackio.sqlite_storage import SQLiteStorage

    project = f"passo-{uuid4().hex}"  # the folder is the process's

    def begin():
        return trackio.init(project=project, name="r", resume="allow", embed=False)

    trace = story(tmp_path, begin, lambda _: trackio.finish())
    found = {}
    for row in SQLiteStorage.get_logs(project, "r"):
        for name, value in row.items():
            if name not in ("timestamp", "step") and not name.startswith("system"):
                found.setdefault(name, []).append((row["step"], value))
    assert {name: sorted(rows) for name, rows in found.items()} == expected(trace)


@pytest.mark.parametrize("kind", ["csv", "tensorboard"])
def test_a_lightning_logger_is_a_writer(tmp_path, kind):
    loggers = import_module("lightning.pytorch.loggers")
    make = {"csv": loggers.CSVLogger, "tensorboard": loggers.TensorBoardLogger}[kind]
    logger = make(str(tmp_path), name="run", version=0)
    with log(attach(optimizer := sgd(), Linear(1.0, 0.0, steps(4))), logger, "lightning"):
        update(optimizer, 3)
    if kind == "csv":
        text = (tmp_path / "run" / "version_0" / "metrics.csv").read_text().split()
        assert text == ["lr-SGD,step", "1.0,0", "0.75,1", "0.5,2"]
    else:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        logger.finalize("success")
        read = EventAccumulator(logger.log_dir).Reload()
        assert [each.value for each in read.Scalars("lr-SGD")] == [1.0, 0.75, 0.5]


def test_the_names_of_transformers_are_those_that_its_callbacks_write():
    found = import_module("transformers.integrations.integration_utils").rewrite_logs
    for name in ("eval_loss", "test_loss", "loss", "learning_rate"):
        assert [*found({name: 1})] == [reported("transformers", name, rewrites=True)]


def test_lightnings_names_are_those_of_its_monitor():
    monitor = import_module("lightning.pytorch.callbacks").LearningRateMonitor

    def made(*names):
        groups = [
            {"params": [weight()], **({} if name is None else {"name": name})} for name in names
        ]
        return torch.optim.SGD(groups, lr=0.1)

    for optimizers in (
        [made(None)],
        [made("head")],
        [made(None, None)],
        [made("head", "body"), adam(), made(None)],
    ):
        trainer = SimpleNamespace(
            loggers=[1], optimizers=optimizers, lr_scheduler_configs=[], callback_metrics={}
        )
        callback = monitor()
        callback.on_train_start(trainer)
        told = log(attach(optimizers, base), (kept := _Kept()), "lightning")
        for each in optimizers:
            update(each)
        told.close()
        assert kept.names == [*callback.lrs]
    assert named("lightning", []) == []


class _Kept:
    def __init__(self):
        self.names = []

    def write(self, name, value, update):
        self.names.append(name)


@pytest.mark.parametrize("name", ["wandb", "trackio"])
def test_a_module_is_no_run(name):
    module = pytest.importorskip(name)
    with pytest.raises(PassoError) as caught:
        log(attach(sgd(), base), module)
    text = f"passo.log writes to a run, got the module {name}; write {name}.init() for it"
    assert str(caught.value) == text


def test_a_run_that_fails_is_told_once_with_what_was_lost(tmp_path, monkeypatch):
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(tmp_path / "tb")
    told = log(attach(optimizer := sgd(), base), writer)
    monkeypatch.setattr(writer, "add_scalar", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.warns(PassoWarning, match="TensorBoard failed at update 0: OSError: full"):
        update(optimizer, 3)
    assert told.lost == 3
    writer.close()
