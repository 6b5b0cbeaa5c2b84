"""The main job: a small network learns real digits, and you see what schedules are for.

>>> from passo.demo import STORIES
>>> len(STORIES), STORIES[-1].code
(13, 'wsd()')
"""

from __future__ import annotations

from passo.demo.main import run_demo
from passo.demo.stories import STORIES, Story
from passo.demo.values import Cell, DemoResult, Outcome, Settings

__all__ = ["STORIES", "Cell", "DemoResult", "Outcome", "Settings", "Story", "run_demo"]
