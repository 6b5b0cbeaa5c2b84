"""Programs drawn at random: each update uses what a formula gives that was worked out by hand.

The model knows no passo: a list of groups, each with its base and the clock of its beginning, and
one clock. `PASSO_PROGRAMS=20000 pytest tests/optim/scheduler/test_programs.py` runs more of them.
"""

from __future__ import annotations

import copy
import json
import os
import pickle
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passo import Exponential, Linear, PassoError, Run, Table, attach, base, steps
from tests.optim.tools import graded, weight

PROGRAMS = int(os.environ.get("PASSO_PROGRAMS", "500"))
RUN = Run(steps(1000))
PLANS: dict[str, tuple[Any, Any]] = {  # a plan, and the same worked out by hand
    "halving": (base * Exponential(1, 0.5, every=steps(2)), lambda b, t: b * 0.5 ** (t / 2)),
    "warm-up": (Linear(0, base, steps(8)), lambda b, t: b * min(t / 8, 1.0)),
    "falling": (base * Linear(1, 0, steps(40)), lambda b, t: b * max(1 - t / 40, 0.0)),
    "stairs": (
        base * Table([(steps(0), 1.0), (steps(3), 0.25)], "step"),
        lambda b, t: b * (1.0 if t < 3 else 0.25),
    ),
}


@dataclass
class Member:
    """One group as the model knows it."""

    base: float
    begin: int = 0
    name: str | None = None


@dataclass
class Saved:
    """What was saved, and the model of then."""

    optimizer: Any
    scheduler: Any
    members: list[Member]
    clock: int
    sizes: list[int]


@dataclass
class Program:
    """An optimizer with a plan attached, and the model of both."""

    plan: str
    join: str
    how: str
    tensors: bool
    named: bool
    strict: bool
    members: list[Member] = field(default_factory=list)
    clock: int = 0
    made: int = 0
    saved: list[Saved] = field(default_factory=list)
    optimizer: Any = None
    scheduler: Any = None

    def begin(self, many: int) -> None:
        """The script: an optimizer of so many groups, and the plan."""
        self.members = [self.member() for _ in range(many)]
        if self.tensors:  # all share the Tensor of the default
            for each in self.members:
                each.base = self.members[0].base
        self.optimizer = self.built(self.members, shared=self.tensors)
        self.attach()

    def member(self) -> Member:
        self.made += 1
        return Member(1 + self.made / 8, 0, f"group {self.made}" if self.named else None)

    def built(
        self, members: list[Member], sizes: list[int] | None = None, *, shared: bool = False
    ) -> Any:
        groups: list[dict[str, Any]] = []
        for place, each in enumerate(members):
            many = 2 if sizes is None else sizes[place]
            group: dict[str, Any] = {"params": [weight() for _ in range(many)]}
            if not shared:
                group["lr"] = torch.tensor(each.base) if self.tensors else each.base
            groups.append(group | ({"name": each.name} if each.name else {}))
        lr = torch.tensor(members[0].base) if shared else 9.0
        return torch.optim.SGD(groups, lr=lr, momentum=0.5 * (self.how == "hook"))

    def attach(self, **told: Any) -> None:
        self.scheduler = attach(
            self.optimizer,
            PLANS[self.plan][0],
            RUN,
            clock="calls" if self.how == "calls" else "hook",
            join=self.join,
            strict=self.strict,
            **told,
        )

    @property
    def expected(self) -> list[float]:
        formula = PLANS[self.plan][1]
        return [formula(each.base, max(self.clock - each.begin, 0)) for each in self.members]

    @property
    def groups(self) -> list[dict[str, Any]]:
        return self.optimizer.param_groups

    @property
    def held(self) -> list[float]:
        return [float(group["lr"]) for group in self.groups]

    def forget(self) -> None:
        """As one has to before saving: torch does not save moments of parameters that went."""
        there = {id(each) for group in self.groups for each in group["params"]}
        for each in [one for one in self.optimizer.state if id(one) not in there]:
            del self.optimizer.state[each]

    # -- what happens

    def update(self, many: int, _: int) -> None:
        for _ in range(1 + many % 3):
            graded(self.optimizer)
            assert self.stepped() == pytest.approx(self.expected, rel=1e-6)
            self.clock += 1
            if self.how == "calls":
                self.scheduler.step()

    def one_by_one(self, _: int, reads: int) -> None:
        """As a trainer does that shards: each group is stepped alone, and all is one update."""
        if self.how == "calls":
            return
        self.read(0, 0)
        full, expected = self.groups, self.expected
        for place, group in enumerate(list(full)):
            self.optimizer.param_groups = [group]
            graded(self.optimizer)
            used = self.stepped()
            self.optimizer.param_groups = full
            assert used == pytest.approx([expected[place]], rel=1e-6)
            if reads % 2:
                self.scheduler.get_last_lr()
        self.clock += 1

    def stepped(self) -> list[float]:
        """One step, and what it used."""
        used: list[float] = []

        def look(*_: Any) -> None:
            used.extend(self.held)

        handle = self.optimizer.register_step_pre_hook(look)
        self.optimizer.step()
        handle.remove()
        return used

    def read(self, which: int, _: int) -> None:
        if which % 3 == 0:
            found = [float(rate) for rate in self.scheduler.get_last_lr()]
            assert found == pytest.approx(self.expected, rel=1e-6)
        elif which % 3 == 1:
            assert self.scheduler.values()["lr"] == pytest.approx(self.expected, rel=1e-6)
        else:
            bases = [each.base for each in self.members]
            assert self.scheduler.base_lrs == pytest.approx(bases, rel=1e-6)
        assert self.scheduler.clock == self.clock

    def add(self, kind: int, _: int) -> None:
        new = self.member()
        new.begin = self.clock if self.join == "now" else 0
        given = {"name": new.name} if new.name else {}
        lr = torch.tensor(new.base) if kind % 2 else new.base
        self.optimizer.add_param_group({"params": [weight()], "lr": lr, **given})
        self.members.append(new)

    def remove(self, place: int, _: int) -> None:
        if len(self.groups) > 1:
            del self.groups[place % len(self.groups)]
            del self.members[place % len(self.members)]

    def reorder(self, one: int, other: int) -> None:
        for some in (self.groups, self.members):
            k, m = one % len(some), other % len(some)
            some[k], some[m] = some[m], some[k]

    def other_dict(self, place: int, how: int) -> None:
        if how % 4 == 2:
            self.read(0, 0)  # of a group that was away, nothing but equal numbers would be left
        k = place % len(self.groups)
        group = self.groups[k]
        ways = [
            lambda: dict(group),
            lambda: {**group, "params": [weight()]},
            lambda: pickle.loads(pickle.dumps(group)) if self.plain(group) else dict(group),
            lambda: {**group, "params": list(reversed(group["params"]))},
        ]
        self.groups[k] = ways[how % len(ways)]()
        if how % 4 == 2:
            self.read(0, 0)  # before others go: then it would be in doubt whose copy it is

    @staticmethod
    def plain(group: dict[str, Any]) -> bool:
        return not isinstance(group["lr"], torch.Tensor)

    def another_group(self, place: int, _: int) -> None:
        k = place % len(self.groups)
        new = replace(self.member(), begin=self.clock if self.join == "now" else 0)
        given = {"name": new.name} if new.name else {}
        group = {**self.optimizer.defaults, "params": [weight()], "lr": new.base, **given}
        self.groups[k], self.members[k] = group, new

    def other_parameters(self, place: int, many: int) -> None:
        params = self.groups[place % len(self.groups)]["params"]
        if many % 2:
            params[:] = [weight(), weight(), weight()]
        else:
            params[0] = weight()

    def swap_parameters(self, one: int, other: int) -> None:
        self.read(0, 0)  # or else a new dict that holds what another held is that other one
        a, b = self.groups[one % len(self.groups)], self.groups[other % len(self.groups)]
        a["params"], b["params"] = b["params"], a["params"]

    def share_tensor(self, one: int, other: int) -> None:
        a, b = self.groups[one % len(self.groups)], self.groups[other % len(self.groups)]
        self.read(0, 0)  # a group that nobody has seen has for its base what it holds
        if a is not b:
            a["lr"] = b["lr"] = torch.tensor(7.0)
            self.scheduler.load_state_dict(self.scheduler.state_dict())

    def load_itself(self, _: int, __: int) -> None:
        self.forget()
        self.optimizer.load_state_dict(copy.deepcopy(self.optimizer.state_dict()))

    def seek(self, update: int, _: int) -> None:
        try:
            self.scheduler.seek(update)
        except PassoError as error:
            assert "the optimizer was under way when it was attached" in str(error)  # noqa: PT017
        else:
            self.clock = update

    def again(self, how: int, other: int) -> None:
        """Detached and attached again, in one of the ways that there are."""
        restore = how % 4 == 0
        self.scheduler.detach(restore=restore)
        if other % 2:
            self.reorder(other, how)
        if other % 3 == 0:
            self.other_parameters(how, other)
        same = all(
            value == pytest.approx(each.base, rel=1e-7)
            for value, each in zip(self.held, self.members, strict=True)
        )
        if how % 4 == 1:
            for group, each in zip(self.groups, self.members, strict=True):
                each.base = 1 + each.base / 2
                group["lr"] = each.base
        elif how % 4 > 1 and not same:
            with pytest.raises(PassoError, match="which a plan that is detached wrote last"):
                self.attach()
        if how % 4 > 1:
            self.attach(base={"lr": [each.base for each in self.members]})
        else:
            self.attach()
        for each in self.members:
            each.begin = 0
        self.clock = 0

    def twin(self, _: int, __: int) -> None:
        """Go on with a deep copy; the original stays where it is."""
        self.read(0, 0)
        old, before = self.scheduler, self.scheduler.clock
        held, kept = self.optimizer, self.held
        self.scheduler = copy.deepcopy(old)
        self.optimizer = self.scheduler.optimizer
        self.update(0, 0)
        assert (old.clock, [float(g["lr"]) for g in held.param_groups]) == (before, kept)
        old.detach()

    def save(self, _: int, how: int) -> None:
        self.forget()
        state = copy.deepcopy(self.optimizer.state_dict())
        told = json.loads(json.dumps(self.scheduler.state_dict()))
        if how % 2:
            told = pickle.loads(pickle.dumps(self.scheduler.state_dict()))
        sizes = [len(group["params"]) for group in self.groups]
        self.saved.append(Saved(state, told, copy.deepcopy(self.members), self.clock, sizes))

    def load(self, which: int, order: int) -> None:
        """Another process: the script is run again, up to the groups of then."""
        if not self.saved:
            return
        saved = self.saved[which % len(self.saved)]
        members, sizes = copy.deepcopy(saved.members), saved.sizes
        letters = ["oas", "aos", "aso", "as"][order % 4]
        if letters == "as" and self.named:
            members.reverse()
        if which % 2:
            self.tensors = not self.tensors
        self.scheduler.detach()
        self.optimizer = self.built(members, sizes)
        for letter in letters:
            if letter == "o":
                self.optimizer.load_state_dict(copy.deepcopy(saved.optimizer))
            elif letter == "a":
                self.attach()
            else:
                self.scheduler.load_state_dict(saved.scheduler)
        self.members, self.clock = members, saved.clock

    def rewind(self, which: int, _: int) -> None:
        """The same process goes back to what it saved, if the groups are those of then."""
        if not self.saved:
            return
        saved = self.saved[which % len(self.saved)]
        if [(m.base, m.name) for m in saved.members] != [(m.base, m.name) for m in self.members]:
            return
        self.scheduler.load_state_dict(saved.scheduler)
        self.members, self.clock = copy.deepcopy(saved.members), saved.clock


OPERATIONS = [
    "update",
    "one_by_one",
    "read",
    "add",
    "remove",
    "reorder",
    "other_dict",
    "another_group",
    "other_parameters",
    "swap_parameters",
    "share_tensor",
    "load_itself",
    "seek",
    "again",
    "twin",
    "save",
    "load",
    "rewind",
]
numbers = st.integers(0, 11)
operations = st.tuples(st.sampled_from([*OPERATIONS, *["update"] * 4]), numbers, numbers)


@pytest.mark.filterwarnings("ignore:the run ended")
@pytest.mark.filterwarnings("ignore:.lr. is a float and takes:passo.PassoWarning")
@settings(
    max_examples=PROGRAMS,
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
@given(
    program=st.builds(
        Program,
        st.sampled_from(sorted(PLANS)),
        st.sampled_from(["from_start", "now"]),
        st.sampled_from(["hook", "hook", "calls", "no state"]),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    ),
    many=st.integers(1, 4),
    happens=st.lists(operations, max_size=16),
)
def test_each_update_uses_what_the_formula_gives(program, many, happens):
    program.begin(many)
    for name, one, other in happens:
        getattr(program, name)(one, other)
    program.update(2, 0)
    program.read(0, 0)
    program.scheduler.detach()
