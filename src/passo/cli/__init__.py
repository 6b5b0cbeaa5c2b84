"""The command line: show, check, explain, export, find, compare, tune, predict, demo, doctor..."""

from passo.cli import (  # noqa: F401  # their commands join the application
    compare,
    explain,
    export,
    look,
    predict,
    train,
    tune,
)
from passo.cli.base import app, main

__all__ = ["app", "main"]
