"""The command line: show, list, check, explain, export, find, predict, demo, doctor."""

from passo.cli import explain, export, look, predict, train  # noqa: F401  # their commands join the application
from passo.cli.base import app, main

__all__ = ["app", "main"]
