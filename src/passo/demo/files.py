"""The demo's folder: written beside its place, then moved there; results as JSON and CSV."""

from __future__ import annotations

import csv
import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from secrets import token_hex
from typing import Any

from passo.demo.values import Outcome, Settings
from passo.ground.files import refuse_unwritable
from passo.schedules import PassoError

PACKAGES = ("passo", "torch", "scikit-learn", "numpy", "matplotlib")
FIELDS = ("schedule", "base", "seed", "test_accuracy", "test_loss", "validation_accuracy")


@contextmanager
def workshop(out: Path) -> Iterator[Path]:
    """A folder beside `out` to work in; whatever happens, it is gone afterwards.

    Raises `PassoError` where `out` cannot become a folder.
    """
    place = out.resolve()
    if place.exists() and not place.is_dir():
        raise PassoError(f"the demo writes a folder, and {str(out)!r} is a file; give another name")
    if place.exists():
        refuse_unwritable(place / "results.json")
    beside = place.with_name(f".{place.name}.{os.getpid()}.{token_hex(4)}.tmp")
    try:
        for name in ("figures", "traces"):
            (beside / name).mkdir(parents=True)
        yield beside
    except OSError as error:
        raise PassoError(f"the demo cannot write {str(out)!r}: {error}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def publish(workshop: Path, out: Path) -> None:
    """Moves all files to `out`, each in one act; other files there stay as they are."""
    place = out.resolve()
    if not place.exists():
        workshop.replace(place)
        return
    for file in sorted(each for each in workshop.rglob("*") if each.is_file()):
        target = place / file.relative_to(workshop)
        target.parent.mkdir(exist_ok=True)
        file.replace(target)


def versions() -> dict[str, str]:
    """What the demo ran on.

    >>> "torch" in versions()
    True
    """
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed as a package"
    return found


def write_results(
    folder: Path, outcomes: Sequence[Outcome], settings: Settings, about: Mapping[str, Any]
) -> None:
    """`results.json` holds everything, `results.csv` one line for each training run."""
    whole = {
        "settings": {**asdict(settings), "updates": settings.run.updates},
        **about,
        "runs": [each.as_plain() for each in outcomes],
    }
    text = json.dumps(whole, indent=1, allow_nan=False, ensure_ascii=False)
    (folder / "results.json").write_text(text + "\n", "utf-8")
    with (folder / "results.csv").open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(FIELDS)
        for run in outcomes:
            task = (run.task.schedule, settings.base(run.task.times), run.task.seed)
            sheet.writerow([*task, run.accuracy, run.loss, run.validation])
