"""Which groups and which optimizers a line that writes a field comes to, by its text."""

import sys
from itertools import count

import pytest

from passo.optim.recorder.writes import each_optimizer, writing

NUMBERS = count()


@pytest.fixture
def line_of(tmp_path):
    """What is known of the line of a script that writes "lr"."""

    def line_of(text):
        name = f"written_{next(NUMBERS)}"
        (tmp_path / f"{name}.py").write_text(text)
        code = compile(
            f"{text}\nline = writing('lr', frame())\n", str(tmp_path / f"{name}.py"), "exec"
        )
        optimizer = Holder()
        known = {"writing": writing, "frame": lambda: sys._getframe(1), "optimizer": optimizer}
        known |= {"optimizers": [optimizer], "bases": [1.0, 1.0]}
        exec(code, known)
        return known["line"]

    return line_of


class Holder:
    """What has groups."""

    def __init__(self):
        self.param_groups = [{"lr": 0.1, "fixed": False}, {"lr": 0.1, "fixed": True}]


WRITE = "    group['lr'] = 0.5\n"


@pytest.mark.parametrize(
    ("head", "every"),
    [
        ("for group in optimizer.param_groups:", True),
        ("for place, group in enumerate(optimizer.param_groups):", True),
        ("for group in [g for g in optimizer.param_groups if not g['fixed']]:", True),
        ("for group in filter(lambda g: not g['fixed'], optimizer.param_groups):", True),
        ("for group, base in zip(optimizer.param_groups, bases, strict=True):", True),
        ("groups = optimizer.param_groups\nfor group in groups:", True),
        ("groups = list(optimizer.param_groups)\nfor group in groups:", True),
        ("for group, base in zip(optimizer.param_groups, bases):", False),
        ("for group, base in zip(optimizer.param_groups, bases, strict=False):", False),
        ("for group in optimizer.param_groups[:1]:", False),
        ("groups = optimizer.param_groups\ngroups = list(groups)\nfor group in groups:", False),
        ("group = optimizer.param_groups[0]\nif group:", False),
    ],
)
def test_a_loop_over_every_group_comes_to_each_of_them(line_of, head, every):
    assert line_of(f"{head}\n{WRITE}").groups is every


def test_by_its_place_a_loop_comes_to_every_group(line_of):
    text = (
        "for k in range(len(optimizer.param_groups)):\n    optimizer.param_groups[k]['lr'] = 0.5\n"
    )
    assert line_of(text).groups
    assert not line_of(text.replace("len(optimizer.param_groups)", "1")).groups


def test_a_loop_that_is_left_does_not_come_to_every_group(line_of):
    assert not line_of(f"for group in optimizer.param_groups:\n{WRITE}    break\n").groups


ONE = "    for group in one.param_groups:\n        group['lr'] = 0.5\n"


@pytest.mark.parametrize(
    ("text", "every"),
    [
        (f"for one in optimizers:\n{ONE}", True),
        (f"all_optimizers = optimizers\nfor one in all_optimizers:\n{ONE}", True),
        (f"named = optimizers\nfor one in named:\n{ONE}", False),
        (f"for one in [optimizer]:\n{ONE}", False),
        (f"for other in optimizers:\n    one = optimizer\n{ONE}", False),
        (f"def put(one):\n{ONE}\nfor each in optimizers:\n    put(each)\n", True),
        (f"def put(one):\n{ONE}\nfor each in optimizers:\n    put(one=each)\n", True),
        (f"def put(one):\n{ONE}\nfor each in optimizers:\n    put(optimizer)\n", False),
        (f"def put(one):\n{ONE}\nput(optimizer)\n", False),
    ],
)
def test_a_loop_over_what_is_called_the_optimizers_is_known(line_of, text, every):
    assert line_of(text).optimizers is every


@pytest.mark.parametrize(
    ("text", "every"),
    [
        ("found = [asked(each) for each in optimizers]", True),
        ("for each in optimizers:\n    found = [asked(each)]", True),
        ("for each in optimizers:\n    found = [asked(other)]", False),
        ("found = [asked(each) for each in (optimizer,)]", False),
        ("found = [asked(optimizer)]", False),
    ],
)
def test_a_call_for_each_of_the_optimizers_is_known(tmp_path, text, every):
    script = tmp_path / f"calls_{next(NUMBERS)}.py"
    script.write_text(text)
    optimizer = Holder()
    known = {"asked": lambda each: each_optimizer(each, sys._getframe(1)), "other": Holder()}
    known |= {"optimizer": optimizer, "optimizers": [optimizer]}
    exec(compile(text, str(script), "exec"), known)
    assert known["found"] == [every]
