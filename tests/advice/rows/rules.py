"""What the doctor's rules advise of advances, lengths and writers: P001 to P010.

`loop` runs code as a script has it; what a finding says to write is put into it, and the doctor
then has nothing left to say.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    CosineAnnealingWarmRestarts,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    PolynomialLR,
    ReduceLROnPlateau,
    SequentialLR,
    StepLR,
)
from torch.optim.swa_utils import SWALR

from passo import Run, attach, steps, warmup_cosine
from passo.doctor import diagnose
from passo.optim import Recorder
from passo.trace import Trace
from tests.advice.table import Table, Text, Told

UPDATE, ADVANCE = "optimizer.step()", "scheduler.step()"
BOTH = f"{UPDATE}\n{ADVANCE}"
tried = Table()


def loop(
    build: Any,
    body: str = BOTH,
    at_end: str = "",
    *,
    epochs: int = 1,
    batches: int = 60,
    **more: Any,
) -> list[Trace]:
    """The traces of a loop: `body` after each batch, `at_end` after each epoch, as they stand."""
    each_batch, each_epoch = script(body, "train"), script(at_end, "after")
    with warnings.catch_warnings(), Recorder() as recorder:
        warnings.filterwarnings("ignore", "Detected call of")  # torch says it too
        groups = more.pop("groups", 1)
        weights = [torch.nn.Parameter(torch.ones(2)) for _ in range(groups)]
        given = [{"params": [each]} for each in weights]
        optimizer = torch.optim.SGD(given, **{"lr": 0.1, **more.pop("sgd", {})})
        world = {"optimizer": optimizer, "torch": torch, "weights": weights, **more}
        world["scheduler"] = build(optimizer)
        for epoch in range(epochs):
            for batch in range(batches):
                for group in optimizer.param_groups:
                    group["params"][0].grad = torch.ones(2)
                world |= {"epoch": epoch, "batch": batch, "t": epoch * batches + batch}
                exec(each_batch, world)
            exec(each_epoch, world)
    return recorder.traces()


def script(code: str, name: str) -> CodeType:
    """Code in a file of its own: the recorder reads the names of metrics there."""
    path = Path(tempfile.mkdtemp(dir=Path.cwd())) / f"{name}.py"
    path.write_text(code)
    return compile(code, str(path), "exec")


def last(traces: list[Trace]) -> float:
    """The rate of the last update."""
    (trace,) = traces
    return trace.value(trace.updates - 1)


def advised(told: Told, traces: Trace | list[Trace], code: str) -> Text:
    """What is to be written instead, in the one finding of that code."""
    (finding,) = [each for each in diagnose(traces) if each.code == code]
    return told.of(finding.write)


def well(build: Any, body: str = BOTH, at_end: str = "", **more: Any) -> bool:
    """Whether nothing is found in that loop."""
    found = diagnose(loop(build, body, at_end, **more))
    assert found == [], found
    return True


def of(kind: type, *arguments: Any, **given: Any) -> Callable[[Any], Any]:
    """What builds a scheduler of that kind."""
    return lambda optimizer: kind(optimizer, *arguments, **given)


def written(text: Text, kind: type) -> Callable[[Any], Any]:
    """What builds a scheduler with the parameter that the text begins with."""
    code = text.quoted(r"(\w+=[^ ]+?),? ")
    return lambda o: eval(f"kind(o, {code})", {"kind": kind, "o": o})


# -- P001 to P004: the advances


@tried("optimizer.step() first, then scheduler.step()")
def the_update_comes_first(told: Told) -> None:
    text = advised(told, loop(of(CosineAnnealingLR, 60), f"{ADVANCE}\n{UPDATE}"), "P001")
    lines = text.quoted(r"^(\S+) first"), text.quoted(r"then (\S+)$")
    assert well(of(CosineAnnealingLR, 60), "\n".join(lines))


@tried("scheduler.step() after optimizer.step(), or once after each epoch")
def a_scheduler_is_advanced(told: Told) -> None:
    text = advised(told, loop(of(StepLR, 5), UPDATE, epochs=12, batches=5), "P002")
    lines = text.quoted(r"after (\S+),"), text.quoted(r"^(\S+) after")
    assert well(of(StepLR, 30), "\n".join(lines), epochs=12, batches=5)
    assert well(of(StepLR, 5), lines[0], lines[1], epochs=12, batches=5)


@tried("scheduler.step() right after optimizer.step(), under the same if")
def an_advance_belongs_to_its_update(told: Told) -> None:
    apart = "if batch % 4 == 3: optimizer.step()\nscheduler.step()"
    text = advised(told, loop(of(StepLR, 50), apart, batches=240), "P003")
    first, second = text.quoted(r"right after (\S+),"), text.quoted(r"^(\S+) right")
    assert well(of(StepLR, 50), f"if batch % 4 == 3:\n {first}\n {second}", batches=240)


@tried("remove one of them: the one at {}, if the plan is counted in updates")
def one_line_advances(told: Told) -> None:
    trace = loop(of(StepLR, 50), BOTH, ADVANCE, epochs=6, batches=10)
    assert advised(told, trace, "P003").quoted(r"the one at \S*/(\w+\.py):1,") == "after.py"
    assert well(of(StepLR, 50), BOTH, "", epochs=6, batches=10)


@tried(
    "scheduler.step() after each optimizer.step()",
    "{}, or, for an advance an epoch, {}",
)
def a_length_is_in_what_advances(told: Told) -> None:
    trace = loop(of(CosineAnnealingLR, 300), UPDATE, ADVANCE, epochs=10, batches=30)
    text = advised(told, trace, "P004")
    body = "\n".join((text.quoted(r"after each (\S+),"), text.quoted(r"^(\S+) after")))
    assert well(of(CosineAnnealingLR, 300), body, epochs=10, batches=30)
    code = text.quoted(r"an epoch, (\w+=\d+)$")
    built = lambda o: eval(f"kind(o, {code})", {"kind": CosineAnnealingLR, "o": o})  # noqa: E731
    assert well(built, UPDATE, ADVANCE, epochs=10, batches=30)


# -- P005 to P007: the length


@tried("{}={}, the advances that the run makes")
def a_cosine_ends_with_the_run(told: Told) -> None:
    for many in (60, 1200):
        trace = loop(of(CosineAnnealingLR, many // 2), batches=many)
        text = advised(told, trace, "P005")
        assert text.startswith(f"T_max={many}, ")
        assert well(written(text, CosineAnnealingLR), batches=many)


@tried("{}(...) once, above the loop, and not within it")
def a_scheduler_is_built_above_the_loop(told: Told) -> None:
    for kind, given, advance in (
        (CosineAnnealingLR, "T_max=12", ADVANCE),
        (ReduceLROnPlateau, "patience=2", "scheduler.step(1.0)"),
    ):
        anew = f"{advance}\nscheduler = kind(optimizer, {given})"
        build = lambda o, kind=kind, given=given: eval(f"kind(o, {given})", {"kind": kind, "o": o})  # noqa: E731
        often = {"epochs": 12, "batches": 5, "kind": kind}
        traces = loop(build, UPDATE, anew, **often)
        code = "P012" if kind is ReduceLROnPlateau else "P007"
        advised(told, traces, code).words(f"{kind.__name__}(...) once, above the loop")
        assert well(build, UPDATE, advance, **often)


@tried("a larger step_size, or a gamma nearer to 1")
def a_staircase_is_not_down_too_early(told: Told) -> None:
    advised(told, loop(of(StepLR, 5)), "P006").words("a larger step_size", "a gamma nearer to 1")
    assert well(of(StepLR, 20))
    assert well(of(StepLR, 5, gamma=0.8))


@tried("later milestones, or a gamma nearer to 1")
def milestones_are_spread_over_the_run(told: Told) -> None:
    text = advised(told, loop(of(MultiStepLR, [3, 6, 9, 12])), "P006")
    text.words("later milestones", "a gamma nearer to 1")
    assert well(of(MultiStepLR, [15, 30, 45]))
    assert well(of(MultiStepLR, [3, 6, 9, 12], gamma=0.5))


@tried("gamma={}: a hundredth at the end")
def a_gamma_leads_to_a_hundredth(told: Told) -> None:
    code = advised(told, loop(of(ExponentialLR, 0.5)), "P006").quoted(r"^(gamma=\S+):")
    build = lambda o: eval(f"kind(o, {code})", {"kind": ExponentialLR, "o": o})  # noqa: E731
    assert well(build)
    assert last(loop(build, batches=61)) == pytest.approx(0.001, rel=1e-2)


@tried("{}, the advances of the run")
def a_decay_lasts_as_long_as_the_run(told: Told) -> None:
    for kind in (PolynomialLR, partial(LinearLR, start_factor=1.0, end_factor=1e-9)):
        text = advised(told, loop(of(kind, total_iters=10)), "P006")
        assert well(written(text, kind))


@tried("{} below {}")
def a_staircase_falls_within_the_run(told: Told) -> None:
    for kind, make in ((StepLR, lambda n: n), (MultiStepLR, lambda n: [n])):
        for many in (60, 1200):
            text = advised(told, loop(of(kind, make(2 * many)), batches=many), "P007")
            bound = int(text.quoted(r" below (\d+)$"))
            assert bound == many
            assert well(of(kind, make(bound // 2)), batches=many)


@tried("a {} well below {}{}")
def a_warm_up_ends_within_the_run(told: Told) -> None:
    def warmed(many: int) -> Any:
        return of(LinearLR, 0.01, 1.0, many)

    text = advised(told, loop(warmed(500)), "P007")
    most = int(text.quoted(r"^a total_iters well below (\d+)$"))
    assert well(warmed(most // 6))
    text = advised(told, loop(warmed(200), UPDATE, ADVANCE, epochs=40, batches=20), "P007")
    assert well(
        warmed(int(text.quoted(r"well below (\d+),")) // 6), UPDATE, ADVANCE, epochs=40, batches=20
    )


@tried("an anneal_epochs well below {}, or a longer run")
def an_averaging_gets_to_its_rate(told: Told) -> None:
    def averaging(many: int) -> Any:
        return of(SWALR, 0.5, many)

    text = advised(told, loop(averaging(500)), "P007")
    text.words("or a longer run")
    assert well(averaging(int(text.quoted(r"^an anneal_epochs well below (\d+), or")) // 6))


@tried(", or scheduler.step() after each of the {} updates")
def a_warm_up_may_be_counted_in_updates(told: Told) -> None:
    build = of(LinearLR, 0.01, 1.0, 200)
    text = advised(told, loop(build, UPDATE, ADVANCE, epochs=40, batches=20), "P007")
    line = text.quoted(r"or (scheduler\.step\(\)) after each")
    assert well(build, f"{UPDATE}\n{line}", epochs=40, batches=20)


@tried("{}, the advances that the run makes, or a longer run")
def a_plan_is_as_long_as_the_run(told: Told) -> None:
    for many in (60, 1200):
        build = of(CosineAnnealingLR, 2 * many)
        text = advised(told, loop(build, batches=many), "P007")
        assert well(written(text, CosineAnnealingLR), batches=many)
        text.words("or a longer run")
        assert well(build, batches=2 * many)


@tried("{}, the advances that the run makes, or scheduler.step() after each of the {} updates")
def a_first_cycle_is_as_long_as_the_run(told: Told) -> None:
    build = of(CosineAnnealingWarmRestarts, 240)
    text = advised(told, loop(build, UPDATE, ADVANCE, epochs=12, batches=20), "P007")
    shorter = written(text, CosineAnnealingWarmRestarts)
    assert well(shorter, UPDATE, ADVANCE, epochs=12, batches=20)
    line = text.quoted(r"or (scheduler\.step\(\)) after each")
    assert well(build, f"{UPDATE}\n{line}", epochs=12, batches=20)


@tried("a length of {}")
def a_sequence_is_as_long_as_the_run(told: Told) -> None:
    def parts(length: int) -> Any:
        return lambda o: SequentialLR(
            o, [ConstantLR(o, 1.0, 1), CosineAnnealingLR(o, length - 10)], [10]
        )

    text = advised(told, loop(parts(120)), "P007")
    assert well(parts(int(text.quoted(r"a length of (\d+),"))))


def cosine(t: int, *, num_training_steps: int) -> float:
    """As transformers' own."""
    return 0.5 + 0.5 * float(torch.cos(torch.tensor(3.14159265 * t / num_training_steps)))


@tried("num_training_steps={}")
def a_function_knows_the_steps_of_the_run(told: Told) -> None:
    def build(**given: int) -> Any:
        return of(LambdaLR, partial(cosine, **given))

    text = advised(told, loop(build(num_training_steps=120)), "P007")
    code = text.quoted(r"^(num_training_steps=\d+),")
    assert well(build(**eval(f"dict({code})")))


@tried("a plan of {} updates, which is what the run makes, or a longer run")
def a_plan_of_passo_is_as_long_as_the_run(told: Told) -> None:
    def plan(many: int) -> Any:
        return lambda o: attach(o, warmup_cosine(), Run(steps(many)))

    with pytest.warns(UserWarning, match="the run ended early"):
        trace = loop(plan(120), f"{UPDATE}\nif t == 59: scheduler.detach()")
    text = advised(told, trace, "P007")
    assert well(plan(int(text.quoted(r"a plan of (\d+) updates"))), UPDATE)
    text.words("or a longer run")
    assert well(plan(120), UPDATE, batches=120)


# -- P008 to P010: who writes what


def product(o: Any) -> LambdaLR:
    """Both factors in one function."""
    return LambdaLR(o, lambda t: 0.99**t * 0.1 ** (t // 30))


@tried(
    "one schedule for the field: SequentialLR for one after the other, a product in one "
    "LambdaLR for both at once",
)
def one_schedule_writes_the_rate(told: Told) -> None:
    def each(o: Any) -> Any:
        return [LambdaLR(o, lambda t: 0.99**t), LambdaLR(o, lambda t: 0.1 ** (t // 30))]

    trace = loop(each, f"{UPDATE}\nfor each in scheduler: each.step()")
    advised(told, trace, "P008").words("SequentialLR", "LambdaLR")
    assert well(lambda o: SequentialLR(o, each(o), [30]))
    assert well(product)


@tried(
    "one schedule, stepped after each update, that counts epochs{} in updates too: "
    "SequentialLR for one after the other, a product in one LambdaLR for both at once",
)
def one_schedule_counts_updates_and_epochs(told: Told) -> None:
    def each(o: Any) -> Any:
        return [LambdaLR(o, lambda t: 0.99**t), MultiStepLR(o, [6])]

    body = f"{UPDATE}\nscheduler[0].step()"
    trace = loop(each, body, "scheduler[1].step()", epochs=12, batches=10)
    batches = int(advised(told, trace, "P008").quoted(r"counts epochs of (\d+) updates"))
    at = 6 * batches
    assert well(
        lambda o: LambdaLR(o, lambda t: 0.99**t * (0.1 if t >= at else 1)), epochs=12, batches=10
    )
    parts = lambda o: [LambdaLR(o, lambda t: 0.99**t), MultiStepLR(o, [6])]  # noqa: E731
    assert well(lambda o: SequentialLR(o, parts(o), [at]), epochs=12, batches=10)


@tried("the optimizer that the second one is for: {}(other_optimizer, ...)")
def a_copy_is_for_another_optimizer(told: Told) -> None:
    body = f"{UPDATE}\nfor each in scheduler: each.step()"
    trace = loop(lambda o: [CosineAnnealingLR(o, 60), CosineAnnealingLR(o, 60)], body)
    call = advised(told, trace, "P008").quoted(r"is for: (.*)$").replace("...", "60")
    other_optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=0.1)
    world = {"other_optimizer": other_optimizer, "CosineAnnealingLR": CosineAnnealingLR}

    def build(o: Any) -> Any:
        return [CosineAnnealingLR(o, 60), eval(call, world)]

    both = "other.param_groups[0]['params'][0].grad = torch.ones(2)\nother.step()\n"
    assert well(build, both + body, other=other_optimizer)


@tried("leave the field to its scheduler: build the change into the schedule")
def a_change_is_in_the_schedule(told: Told) -> None:
    edit = "\nif t == 20: optimizer.param_groups[0]['lr'] = 0.05"
    trace = loop(of(StepLR, 50), BOTH + edit)
    advised(told, trace, "P009").words("build the change into the schedule")
    assert well(of(LambdaLR, lambda t: (1.0 if t <= 20 else 0.5) * 0.1 ** (t // 50)))


@tried("a new scheduler for the new optimizer")
def a_new_optimizer_gets_a_scheduler(told: Told) -> None:
    anew = "if t == 0: optimizer = torch.optim.SGD(weights, lr=0.1)\n"
    text = advised(told, loop(of(CosineAnnealingLR, 60), anew + BOTH), "P010")
    text.words("a new scheduler for the new optimizer")
    both = f"{anew.rstrip()}; scheduler = kind(optimizer, 60)\n{BOTH}"
    assert well(of(CosineAnnealingLR, 60), both, kind=CosineAnnealingLR)


HAND = "FOR\n    group['lr'] = BASE * (1 - t / 60)\noptimizer.step()"


def by_hand(head: str, rate: str) -> str:
    """A loop over groups that writes their rates."""
    return HAND.replace("FOR", head).replace("BASE", rate)


@tried("for group in optimizer.param_groups: ...")
def every_group_is_written(told: Told) -> None:
    first = by_hand("for group in optimizer.param_groups[:1]:", "0.1")
    text = advised(told, loop(lambda _: None, first, groups=2), "P010")
    line = text.quoted(r"^(for group in .*:) \.\.\.$")
    assert well(lambda _: None, by_hand(line, "0.1"), groups=2)


LATE = """if t == 20:
    more = torch.nn.Parameter(torch.ones(2)); more.grad = torch.ones(2)
    optimizer.add_param_group({'params': [more], 'lr': 0.05})
"""


@tried(
    "for group in optimizer.param_groups: ..., with a base rate for each: what was listed before "
    "group {} joined needs one more"
)
def a_late_group_has_a_base(told: Told) -> None:
    hand = by_hand("for group, base in zip(optimizer.param_groups, bases):", "base")
    text = advised(told, loop(lambda _: None, LATE + hand, bases=[0.1]), "P010")
    text.words("a base rate for each", "needs one more")
    assert well(lambda _: None, f"{LATE}    bases.append(0.05)\n{hand}", bases=[0.1])


class Own(LRScheduler):
    """Knows the groups that were there when it was built."""

    def __init__(self, optimizer: Any) -> None:
        self.covered = list(optimizer.param_groups)
        super().__init__(optimizer)

    def step(self, epoch: int | None = None) -> None:
        self.last_epoch += 1
        for group, base in zip(self.covered, self.base_lrs, strict=True):
            group["lr"] = base * (1 - self.last_epoch / 60)


@tried("a scheduler built when all groups are there")
def a_scheduler_covers_all_groups(told: Told) -> None:
    text = advised(told, loop(Own, LATE + BOTH), "P010")
    text.words("built when all groups are there")
    assert well(Own, groups=2)
