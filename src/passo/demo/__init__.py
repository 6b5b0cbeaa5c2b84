"""The main job: a small network learns real digits with every schedule, and you see the difference.

>>> from passo.demo import STORIES
>>> len(STORIES), STORIES[-1].code
(13, 'wsd()')
"""

from __future__ import annotations

from passo.demo.main import run_demo
from passo.demo.stories import STORIES, Story
from passo.demo.values import DemoResult, Outcome, Row, Settings

__all__ = ["STORIES", "DemoResult", "Outcome", "Row", "Settings", "Story", "run_demo"]
