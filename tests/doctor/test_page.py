"""The page of findings: what a browser shows of it."""

from __future__ import annotations

import re

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, StepLR

from passo.doctor import diagnose
from passo.doctor.page import page
from passo.doctor.report import graphs, report
from passo.optim import Recorder
from tests.doctor.test_rules import train


@pytest.fixture(scope="module")
def traces():
    """A cosine that climbs again, and beside it an optimizer that is in order."""
    with Recorder() as recorder:
        a, b = (torch.nn.Parameter(torch.ones(2)) for _ in "ab")
        first, second = torch.optim.SGD([a], lr=0.5), torch.optim.Adam([b], lr=0.1)
        scheduler = CosineAnnealingLR(second, 20)
        for _ in range(40):
            a.grad, b.grad = torch.ones(2), torch.ones(2)
            first.step()
            second.step()
            scheduler.step()
    adam, sgd = recorder.traces()
    return [sgd, adam]


def test_a_finding_is_marked_on_the_optimizer_that_it_is_about(traces):
    drawn = graphs(traces, diagnose(traces))
    assert [(each.title, each.marks) for each in drawn] == [
        ("SGD, 40 updates", []),
        ("Adam, 40 updates", [(40.0, "P005")]),
    ]


def test_a_page_shows_every_optimizer_first_those_with_findings(traces):
    text = page("<train>.py", traces, diagnose(traces))
    assert re.findall(r'aria-label="([^"]*)"', text) == [
        "what each update used: Adam, 40 updates",
        "what each update used: SGD, 40 updates",
    ]
    assert "<code>&lt;train&gt;.py</code>" in text
    assert '<b>1 finding</b><span class="soft">, 40 updates of SGD, 40 updates of Adam' in text


def test_a_page_loads_nothing_and_fits_small_and_dark_screens(traces):
    text = page("train.py", traces, diagnose(traces))
    assert not re.search(r"<(script|link|img|iframe)|@import|url\((?!#)|href=\"http", text)
    assert '<meta name="viewport" content="width=device-width' in text
    assert "prefers-color-scheme: dark" in text
    assert text.count('<div class="narrow"><svg') == text.count('<div class="wide"><svg') == 2


# 13: three of one class were one line three times
def test_optimizers_of_one_class_are_counted_and_numbered():
    with Recorder() as recorder:
        weights = [torch.nn.Parameter(torch.ones(2)) for _ in "abc"]
        optimizers = [torch.optim.Adam([weight], lr=0.1) for weight in weights]
        for _ in range(15):
            for weight, optimizer in zip(weights, optimizers, strict=True):
                weight.grad = torch.ones(2)
                optimizer.step()
    told = recorder.traces()
    assert report("train.py", told, []).startswith(
        "passo doctor: train.py, 15 updates of each of 3 Adam optimizers\n"
    )
    titles = ["Adam, 15 updates", "Adam#2, 15 updates", "Adam#3, 15 updates"]
    assert [each.title for each in graphs(told, [])] == titles


def test_a_page_without_findings_says_so():
    trace = train(20, build=lambda o: StepLR(o, 5), each=lambda _k, _o, s: s.step())
    assert "<b>nothing found</b>" in page("train.py", [trace], [])
    assert "<figure" not in page("train.py", [], [])


def test_a_report_draws_the_longest_and_those_with_findings(traces):
    text = report("train.py", traces, diagnose(traces))
    assert "\nSGD, 40 updates\n" in text
    assert "\nAdam, 40 updates\nmarks: P005 40\n" in text
