"""What the callback for transformers advises, tried with the Trainer."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import LambdaLR

from passo import Linear, Plateau, Run, base, by_group, steps, warmup_cosine
from tests.advice.table import Table, Told

THERE = find_spec("transformers") is not None
if THERE:
    from tests.integrations.hugging import DATA, LR, Model, Passo, score, trainer, transformers
    from tests.integrations.tools import said
else:
    said = DATA = LR = Model = Passo = score = trainer = transformers = None


class Guarded(Table):
    """These rows alone are skipped where their trainer is missing."""

    def told(self, template: str) -> Told:
        if not THERE:
            pytest.skip("transformers is not installed")
        return super().told(template)


PLAN, RUN = warmup_cosine(), Run(steps(15))
NAMES = {"base": base, "Plateau": Plateau, "warmup_cosine": warmup_cosine, "Linear": Linear}
tried = Guarded(Passo=Passo, **NAMES)
EVALUATED = {"eval_dataset": DATA, "eval_strategy": "epoch"}


def made(*callbacks: Any, **named: Any) -> Any:
    """A Trainer, and what its updates used."""
    return trainer(tempfile.mkdtemp(), *callbacks, **named)


def used(*callbacks: Any, **named: Any) -> list[float]:
    """The rates of a run that is right."""
    one, seen = made(*callbacks, **named)
    one.train()
    return list(seen.rates)


def planned(plan: Any = PLAN) -> list[float]:
    """What such a run uses."""
    return [plan.on(RUN).with_base(LR)(t) for t in range(15)]


@tried(
    "Passo does not work under DeepSpeed, whose optimizer calls no hook; write Trainer(..., "
    "optimizers=(optimizer, LambdaLR(optimizer, plan.on(run)))) with a plan of factors, such as "
    "warmup_cosine(peak=1.0)"
)
def a_plan_of_factors_is_a_lambda(told: Told) -> None:
    args = transformers.TrainingArguments(output_dir=tempfile.mkdtemp(), use_cpu=True)
    args.deepspeed_plugin = object()
    state = transformers.TrainerState()
    text = told(lambda: Passo(PLAN).on_init_end(args, state, transformers.TrainerControl()))
    code = text.quoted(r"optimizers=(\(.*\)\)\)) with")[:-1]
    model, plan = Model(), eval(text.quoted(r"such as (.*)$"), {"warmup_cosine": warmup_cosine})
    world = {"optimizer": torch.optim.AdamW(model.parameters(), lr=LR), "LambdaLR": LambdaLR}
    given = eval(code, {**world, "plan": plan, "run": RUN})
    assert used(model=model, optimizers=given) == [LR * plan.on(RUN)(t) for t in range(15)]


@tried(
    'lr_scheduler_type="{}" writes the lr by itself, and so does the plan; leave it out of '
    'TrainingArguments, and write Passo(base * Plateau("eval_loss")) where the rate is to fall by '
    "a metric"
)
def the_plan_has_the_plateau(told: Told) -> None:
    text = told(lambda: made(Passo(PLAN), **EVALUATED, lr_scheduler_type="greedy"))
    text.words("leave it out of TrainingArguments")
    (passo,) = text.put("@")
    assert used(passo, **EVALUATED) == [LR] * 15


@tried(
    "{} of TrainingArguments {} put to rest: the plan writes the lr; leave that out, or the lr out "
    "of the plan"
)
def one_of_the_two_is_left_out(told: Told) -> None:
    told(lambda: made(Passo(PLAN), lr_scheduler_type="cosine")).words(
        "leave that out", "the lr out of the plan"
    )
    assert used(Passo(PLAN)) == planned()
    decay = Passo({"weight_decay": Linear(0.1, 0)})
    assert used(decay, lr_scheduler_type="cosine") == used(lr_scheduler_type="cosine")


@tried(
    "the plan waits for {}, and the Trainer calls what it evaluates eval_...; write Plateau({})",
    "the plan waits for {}, and the Trainer evaluates nothing; write TrainingArguments(..., "
    'eval_strategy="epoch")',
    "the plan waits for {}, and the evaluation at update {} told {}; give Plateau one of these "
    "names",
)
def a_plateau_waits_for_what_comes(told: Told) -> None:
    if "evaluates nothing" in told.template:
        text = told(lambda: used(Passo(base * Plateau("eval_loss"))))
        strategy = text.quoted(r'eval_strategy="(.*)"')
        plan, named = base * Plateau("eval_loss"), {**EVALUATED, "eval_strategy": strategy}
    elif "told" in told.template:
        named = {**EVALUATED, "compute_metrics": score(*range(9))}
        text = told(lambda: used(Passo(base * Plateau("eval_acc")), **named))
        text.words("give Plateau one of these names")
        plan = base * Plateau(text.quoted(r"told 'eval_loss', '(.*)';"), mode="max")
    else:
        named = EVALUATED
        text = told(lambda: used(Passo(base * Plateau("val_loss")), **EVALUATED))
        plan = base * eval(text.quoted(r"write (Plateau\('eval_loss'\))"), {**tried.world})
    assert used(Passo(plan), **named) == [LR] * 15


@tried(
    "Passo needs a plan; write callbacks=[Passo(warmup_cosine())]. A checkpoint keeps no plan by "
    "groups: leave restore_callback_states_from_checkpoint=False with one"
)
def a_plan_by_groups_is_not_restored(told: Told) -> None:
    text = told(lambda: made(Passo))
    text.words("leave restore_callback_states_from_checkpoint=False with one")
    callbacks = eval(text.quoted(r"callbacks=(\[.*\])\. A"), {**tried.world})
    assert used(*callbacks) == planned()
    assert used(Passo(by_group({"all": PLAN}, others=PLAN))) == planned()


@tried(
    "Passo was given to the Trainer twice; give both schedules in one plan: "
    'Passo({"lr": warmup_cosine(), "weight_decay": Linear(0.1, 0)})'
)
def both_schedules_are_in_one_plan(told: Told) -> None:
    text = told(lambda: made(Passo(PLAN), Passo({"weight_decay": Linear(0.1, 0)})))
    text.words("give both schedules in one plan")
    assert used(eval(text.quoted(r"plan: (.*)$"), {**tried.world})) == planned()


@tried(
    "the Trainer was given a scheduler, {}, which writes the lr, and so does the plan; write "
    "Trainer(..., optimizers=(optimizer, None)), or leave the lr out of the plan"
)
def the_given_one_is_left_out(told: Told) -> None:
    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR)
    given = optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0)
    text = told(lambda: made(Passo(PLAN), model=model, optimizers=given))
    text.words("leave the lr out of the plan")
    code = text.quoted(r"optimizers=(\(.*?\))\)")
    decay = Passo({"weight_decay": Linear(0.1, 0)})
    assert used(decay, model=model, optimizers=given) == [LR] * 15
    fresh = torch.optim.AdamW(model.parameters(), lr=LR)
    pair = eval(code, {"optimizer": fresh})
    assert used(Passo(PLAN), model=model, optimizers=pair) == planned()


@tried(
    "the Trainer has an optimizer for each layer, which step in the backward pass, so that no "
    'update can be counted; write TrainingArguments(..., optim="adamw_torch")'
)
def one_optimizer_is_for_all_layers(told: Told) -> None:
    weight = torch.nn.Parameter(torch.ones(1))
    inner = {weight: torch.optim.SGD([weight], lr=LR)}
    dummy = transformers.trainer_pt_utils.LayerWiseDummyOptimizer(inner, lr=LR)
    text = told(lambda: used(Passo(PLAN), optimizers=(dummy, None)))
    assert used(Passo(PLAN), optim=text.quoted(r'optim="(.*)"')) == planned()


class _Stop:
    """Ends a run before its first evaluation."""

    def __new__(cls) -> Any:
        class Stop(transformers.TrainerCallback):  # type: ignore[misc, name-defined]
            def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
                control.should_training_stop = state.global_step == 3

        return Stop()


@tried(
    "the checkpoint at update {} was written before the evaluation of that update, which the "
    "Trainer does not make again: the rates go on without its report; write "
    "TrainingArguments(..., eval_on_start=True)"
)
def the_trainer_evaluates_on_start(told: Told) -> None:
    folder, plan = tempfile.mkdtemp(), base * Plateau("eval_loss", patience=9)
    named = {**EVALUATED, "save_strategy": "steps", "save_steps": 5}

    def killed(_prediction: Any) -> Any:
        raise KeyboardInterrupt

    first, _ = trainer(folder, Passo(plan), compute_metrics=killed, **named)
    with pytest.raises(KeyboardInterrupt):
        first.train()

    def resumed(**more: Any) -> list[float]:
        made, seen = trainer(folder, Passo(plan), **named, **more)
        made.train(resume_from_checkpoint=f"{folder}/checkpoint-5")
        return list(seen.rates)

    code = told(resumed).quoted(r"TrainingArguments\(\.\.\., (eval_on_start=True)\)")
    assert resumed(**eval(f"dict({code})")) == [LR] * 10


@tried("write compute_metrics that tells {}", "write Plateau({}), as the Trainer calls it, or {}")
def a_metric_is_told_by_its_name(told: Told) -> None:
    computed = "compute" in told.template
    plan = base * Plateau("eval_far" if computed else "loss", patience=9)
    named = {"eval_dataset": DATA, "eval_strategy": "steps", "eval_steps": 9}
    text = told.of(_at_the_end(lambda: used(_Stop(), Passo(plan), **named)))
    if computed:
        name = text.quoted(r"tells '(\w+)'")
        told_it = {"compute_metrics": lambda _: {name: 1.0}}
        assert used(Passo(plan), **EVALUATED, **told_it) == [LR] * 15
    else:
        code = text.quoted(r"write (Plateau\('\w+'\))")
        assert used(Passo(base * eval(code, NAMES)), **EVALUATED) == [LR] * 15
        text.words("passo.scheduler.report({'loss': ...}) after each validation")


@tried('write TrainingArguments(..., eval_strategy="epoch")')
def the_trainer_evaluates_before_it_ends(told: Told) -> None:
    plan, named = base * Plateau("eval_loss", patience=9), {"eval_dataset": DATA}
    late = {**named, "eval_strategy": "steps", "eval_steps": 9}
    text = told.of(_at_the_end(lambda: used(_Stop(), Passo(plan), **late)))
    code = text.quoted(r"TrainingArguments\(\.\.\., (\w+=\"\w+\")\)")
    assert used(Passo(plan), **named, **eval(f"dict({code})")) == [LR] * 15


def _at_the_end(story: Any) -> str:
    """The last word of a run, as the template has it."""
    return said(story)[-1].replace("; write: ", "; write: write ")
