"""The command line: show, list, check, explain, export, find, compare, tune, demo, doctor."""

from passo.cli import (  # noqa: F401  # their commands join the application
    compare,
    explain,
    export,
    look,
    train,
    tune,
)
from passo.cli.base import app, main

__all__ = ["app", "main"]
