"""What a terminal shows while runs are made."""

from __future__ import annotations

from rich.console import Console

from passo import Constant, Run, steps
from passo.sweep.answers import Answer, Job
from passo.sweep.screen import Screen


def shown(screen):
    console = Console(width=80, color_system=None)
    with console.capture() as captured:
        console.print(screen.render())
    return captured.get()


def test_it_shows_what_is_left_and_what_is_known_of_each_plan():
    jobs = [Job(name, Constant(1), Run(steps(9)), 0, "") for name in ("cosine", "cosine", "wsd")]
    with Screen(["cosine", "wsd"], 5, shown=False) as screen:
        screen.done(jobs[0], Answer(0.5))
        screen.done(jobs[1], Answer(0.7))
        screen.done(jobs[2], Answer(float("nan"), failed="its loss was nan"))
        text = shown(screen)
    assert "3/5 left" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["cosine", "2", "0.6"] in rows
    assert ["wsd", "1", "1"] in rows
