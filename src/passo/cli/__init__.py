"""The command line: show, list, check, export, find, demo, doctor."""

from passo.cli import export, look, train  # noqa: F401  # their commands join the application
from passo.cli.base import app, main

__all__ = ["app", "main"]
