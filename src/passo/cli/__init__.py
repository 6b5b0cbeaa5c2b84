"""The command line: show, list, check, explain, export, find, demo, doctor."""

from passo.cli import explain, export, look, train  # noqa: F401  # their commands join the application
from passo.cli.base import app, main

__all__ = ["app", "main"]
