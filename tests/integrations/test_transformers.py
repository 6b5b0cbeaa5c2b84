"""What `Passo` promises for transformers, against the Trainer as it is (issue 16)."""

from __future__ import annotations

import json

import pytest
import torch

from passo import (
    Constant,
    Linear,
    NeedsRun,
    PassoError,
    Plateau,
    Run,
    Trace,
    attach,
    base,
    by_group,
    epochs,
    percent,
    steps,
    warmup_cosine,
)
from tests.integrations.hugging import (
    DATA,
    EPOCHS,
    LR,
    Model,
    Passo,
    logged,
    score,
    trainer,
    transformers,
    weights,
)
from tests.integrations.promises import promised
from tests.integrations.tools import after_an_exception, said

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:torch")
LayerWiseDummyOptimizer = transformers.trainer_pt_utils.LayerWiseDummyOptimizer
PLAN = warmup_cosine(warmup=percent(20))
EVALUATED = {"eval_dataset": DATA, "eval_strategy": "epoch"}


def planned(plan, run, first=0, *, lr=LR):
    """What the updates of a run use from update `first` on."""
    schedule = plan.on(run).with_base(lr)
    return [schedule(t) for t in range(first, run.updates)]


# -- update t uses s(t), on the Trainer's own count


@promised("transformers", 1)
@pytest.mark.parametrize("window", [1, 2, 3])
def test_update_t_uses_s_of_t_under_accumulation_with_a_ragged_window(tmp_path, window):
    made, seen = trainer(tmp_path, Passo(PLAN), gradient_accumulation_steps=window)
    made.train()
    run = Run.of(5, epochs=EPOCHS, accumulate=window)
    assert seen.rates == planned(PLAN, run)
    assert made.state.global_step == run.updates


@promised("transformers", 1, 2)
@pytest.mark.parametrize(
    ("named", "updates"),
    [({"max_steps": 7}, 7), ({"num_train_epochs": 1.5}, 8), ({"bf16": True}, 15)],
)
def test_the_run_is_the_trainers_own_count(tmp_path, named, updates):
    made, seen = trainer(tmp_path, Passo(PLAN), **named)
    made.train()
    assert seen.rates == planned(PLAN, Run(steps(updates)))


@promised("transformers", 2)
def test_an_epoch_is_that_of_the_trainer(tmp_path):
    plan = base * Linear(0, 1, epochs(1)).then(Constant(1))
    made, seen = trainer(tmp_path, Passo(plan), gradient_accumulation_steps=2)
    made.train()
    assert seen.rates == planned(plan, Run.of(5, epochs=EPOCHS, accumulate=2))


class Stream(torch.utils.data.IterableDataset):
    """Samples without a length."""

    def __iter__(self):
        return iter(DATA)


@promised("transformers", 2)
def test_an_epoch_of_a_stream_needs_a_run(tmp_path):
    plan = base * Linear(0, 1, epochs(1)).then(Constant(1))
    made, _ = trainer(tmp_path, Passo(plan), train_dataset=Stream(), max_steps=6)
    with pytest.raises(NeedsRun) as error:
        made.train()
    assert str(error.value) == (
        "epochs(1) needs the run's steps_per_epoch; write Run(..., steps_per_epoch=...), as "
        "Passo(plan, run=Run(...)): of its run the Trainer tells 6 updates and no more"
    )
    assert "passo" not in made.optimizer.param_groups[0]


@promised("transformers", 2)
def test_a_run_that_is_given_is_the_one(tmp_path):
    plan, run = base * Linear(0, 1, epochs(1)).then(Constant(1)), Run.of(3, epochs=2)
    made, seen = trainer(tmp_path, Passo(plan, run), train_dataset=Stream(), max_steps=6)
    made.train()
    assert seen.rates == planned(plan, run)


@promised("transformers", 1)
def test_several_fields_follow_one_plan(tmp_path):
    plan = {"lr": PLAN, "weight_decay": base * Linear(1, 0)}
    made, seen = trainer(tmp_path, Passo(plan), weight_decay=0.5)
    made.train()
    run = Run.of(5, epochs=EPOCHS)
    assert seen.rates == planned(PLAN, run)
    assert seen.decays == planned(base * Linear(1, 0), run, lr=0.5)


# -- the log


@promised("transformers", 5)
@pytest.mark.parametrize("window", [1, 2])
def test_the_log_has_the_rate_that_was_used(tmp_path, window):
    made, seen = trainer(tmp_path, Passo(PLAN), gradient_accumulation_steps=window)
    made.train()
    assert logged(made) == seen.rates


# -- plateaus


def heard(folder, metric):
    """What the trace has of a metric."""
    reports = Trace.load(folder / "trace.jsonl").reports
    return [(each.clock, dict(each.metrics)[metric]) for each in reports]


@promised("transformers", 3)
def test_a_plateau_hears_each_evaluation_once_and_before_its_checkpoint(tmp_path):
    fall = base * Plateau("eval_score", mode="max", patience=0, factor=0.5)
    passo = Passo(fall, record=tmp_path / "trace.jsonl")
    made, seen = trainer(
        tmp_path,
        passo,
        **EVALUATED,
        compute_metrics=score(3.0, 2.0, 1.0),
        save_strategy="epoch",
    )
    made.train()
    assert seen.rates == [LR] * 10 + [LR / 2] * 5
    assert heard(tmp_path, "eval_score") == [(5, 3.0), (10, 2.0), (15, 1.0)]
    kept = json.loads((tmp_path / "checkpoint-10" / "trainer_state.json").read_text("utf-8"))
    (state,) = kept["stateful_callbacks"]["Passo"]["attributes"]["saved"]["state"]["schedulers"]
    (track,) = state["tracks"]
    assert track["plateaus"][0]["fell"] == 10.0


@promised("transformers", 3)
def test_a_plateau_hears_its_own_of_several_evaluation_sets(tmp_path):
    fall = base * Plateau("eval_far_loss", mode="max", patience=0, factor=0.5)
    passo = Passo(fall, record=tmp_path / "trace.jsonl")
    sets = {"near": DATA[:4], "far": DATA}
    made, _ = trainer(tmp_path, passo, eval_dataset=sets, eval_strategy="epoch")
    made.train()
    told = [each["eval_far_loss"] for each in made.state.log_history if "eval_far_loss" in each]
    assert heard(tmp_path, "eval_far_loss") == list(zip((5, 10, 15), told, strict=True))


@promised("transformers", 3)
def test_what_is_evaluated_outside_of_training_is_no_report(tmp_path):
    passo = Passo(base * Plateau("eval_loss"), record=tmp_path / "trace.jsonl")
    made, _ = trainer(tmp_path, passo, **EVALUATED, eval_on_start=True)
    made.evaluate()
    made.train()
    made.evaluate()
    assert [at for at, _ in heard(tmp_path, "eval_loss")] == [5, 10, 15]


# -- resume


class Keep(transformers.TrainerCallback):
    """Saves after these updates."""

    def __init__(self, *updates):
        self.updates = updates

    def on_step_end(self, args, state, control, **kwargs):
        control.should_save = state.global_step in self.updates


def saved(folder, at, *callbacks, **named):
    """A run of which the checkpoint at one update is kept."""
    made, seen = trainer(folder, *callbacks, Keep(at), **named)
    made.train()
    return made, seen


def resumed(folder, at, *callbacks, then=(), **named):
    """The same run, gone on with; with `then` another checkpoint is kept."""
    made, seen = trainer(folder, *callbacks, Keep(*then), **named)
    made.train(resume_from_checkpoint=f"{folder}/checkpoint-{at}")
    return made, seen


@promised("transformers", 4, 5)
@pytest.mark.parametrize("at", [4, 7])
def test_a_resume_in_mid_epoch_gives_the_same_rates_and_weights_bit_for_bit(tmp_path, at):
    plan = {
        "lr": PLAN * Plateau("eval_score", mode="max", patience=0),
        "weight_decay": base * Linear(1, 0.5),
    }
    named = {**EVALUATED, "weight_decay": 0.5}
    one, seen = saved(tmp_path, at, Passo(plan), **named, compute_metrics=score(3.0, 2.0, 1.0))
    assert seen.rates[10] < 0.2 * seen.rates[9]
    left = score(*((2.0, 1.0) if at > 5 else (3.0, 2.0, 1.0)))
    again, then = resumed(tmp_path, at, Passo(plan), **named, compute_metrics=left)
    assert (then.rates, then.decays) == (seen.rates[at:], seen.decays[at:])
    assert all(map(torch.equal, weights(one), weights(again)))
    assert logged(again) == seen.rates


@promised("transformers", 3, 4)
def test_a_resume_at_the_end_of_an_epoch_knows_what_was_reported_there(tmp_path):
    plan = PLAN * Plateau("eval_score", mode="max", patience=0)
    named = {**EVALUATED, "save_strategy": "epoch"}
    made, seen = trainer(tmp_path, Passo(plan), **named, compute_metrics=score(3.0, 2.0, 1.0))
    made.train()
    _, then = resumed(tmp_path, 5, Passo(plan), **named, compute_metrics=score(2.0, 1.0))
    assert then.rates == seen.rates[5:]


@promised("transformers", 3, 4)
def test_a_resume_that_evaluates_first_reports_that_no_second_time(tmp_path):
    fall = base * Plateau("eval_score", mode="max", patience=0, factor=0.5)
    named = {**EVALUATED, "save_strategy": "epoch"}
    made, seen = trainer(tmp_path, Passo(fall), **named, compute_metrics=score(3.0, 4.0, 5.0))
    made.train()
    _, then = resumed(
        tmp_path,
        5,
        Passo(fall),
        **EVALUATED,
        compute_metrics=score(3.0, 4.0, 5.0),
        eval_on_start=True,
    )
    assert then.rates == seen.rates[5:] == [LR] * 10


BETWEEN = {**EVALUATED, "save_strategy": "steps", "save_steps": 5}  # saved before it is evaluated
TURNS = PLAN * Plateau("eval_score", mode="max", patience=0, factor=0.5)


@promised("transformers", 3, 4)
@pytest.mark.parametrize("at", [5, 10])
def test_a_report_after_its_checkpoint_was_written_is_put_into_it(tmp_path, at):
    scores = [3.0, 2.0, 1.0]
    made, seen = trainer(tmp_path, Passo(TURNS), **BETWEEN, compute_metrics=score(*scores))
    assert said(made.train) == []
    assert seen.rates[5:10] == planned(PLAN, Run(steps(15)), 5)[:5]
    left = score(*scores[at // 5 :])
    stories = []
    told = said(
        lambda: stories.extend(resumed(tmp_path, at, Passo(TURNS), **BETWEEN, compute_metrics=left))
    )
    assert told == []
    assert stories[1].rates == seen.rates[at:]
    kept = json.loads((tmp_path / f"checkpoint-{at}" / "trainer_state.json").read_text("utf-8"))
    assert kept["global_step"] == at
    assert kept["stateful_callbacks"]["TrainerControl"]  # the rest is as the Trainer wrote it


@promised("transformers", 3, 4)
def test_a_checkpoint_of_an_epoch_that_is_not_evaluated_lacks_nothing(tmp_path):
    named = {**BETWEEN, "eval_delay": 2}
    made, seen = trainer(tmp_path, Passo(TURNS), **named, compute_metrics=score(3.0, 2.0))
    made.train()
    left, stories = {**named, "compute_metrics": score(3.0, 2.0)}, []
    assert said(lambda: stories.extend(resumed(tmp_path, 5, Passo(TURNS), **left))) == []
    assert stories[1].rates == seen.rates[5:]


@promised("transformers", 3, 4)
@pytest.mark.parametrize("again", [False, True])
def test_a_run_killed_before_its_evaluation_is_told_how_to_make_it_again(tmp_path, again):
    def killed(_prediction):
        raise KeyboardInterrupt

    whole, seen = trainer(tmp_path / "whole", Passo(TURNS), **BETWEEN)
    whole.compute_metrics = score(3.0, 2.0, 1.0)
    whole.train()
    first, _ = trainer(tmp_path, Passo(TURNS), **BETWEEN)
    answers = [lambda _: {"score": 3.0}, killed]
    first.compute_metrics = lambda prediction: answers.pop(0)(prediction)  # noqa: PLW0108
    with pytest.raises(KeyboardInterrupt):
        first.train()
    stories, left = [], score(*((2.0, 1.0) if again else (1.0,)))
    named = {**BETWEEN, "compute_metrics": left, "eval_on_start": again}
    told = said(lambda: stories.extend(resumed(tmp_path, 10, Passo(TURNS), **named)))
    text = (
        "the checkpoint at update 10 was written before the evaluation of that update, which the "
        "Trainer does not make again: the rates go on without its report; write "
        "TrainingArguments(..., eval_on_start=True)"
    )
    assert told == ([] if again else [text])
    assert (stories[1].rates == seen.rates[10:]) is again


def test_a_checkpoint_without_a_plateau_lacks_nothing(tmp_path):
    saved(tmp_path, 5, Passo(PLAN), **EVALUATED)
    assert said(lambda: resumed(tmp_path, 5, Passo(PLAN), **EVALUATED)) == []


@promised("transformers", 7)
def test_a_checkpoint_of_the_trainers_own_scheduler_is_refused_with_the_way_forward(tmp_path):
    saved(tmp_path, 7)
    with pytest.raises(PassoError) as error:
        resumed(tmp_path, 7, Passo(PLAN))
    assert str(error.value) == (
        "the checkpoint that the Trainer goes on from is at update 7 and has no state of passo, so "
        "that the plan would begin again; write Passo(plan, seek=7) to go on there, or seek=0 to "
        "begin the plan there on purpose"
    )
    _, seen = resumed(tmp_path, 7, Passo(PLAN, seek=7), then=[9])
    assert seen.rates == planned(PLAN, Run(steps(15)), 7)
    _, seen = resumed(tmp_path, 9, Passo(PLAN))
    assert seen.rates == planned(PLAN, Run(steps(15)), 9)


def test_a_checkpoint_of_passo_is_gone_on_with_by_the_trainers_own_scheduler(tmp_path):
    made, own = trainer(tmp_path)
    made.train()
    saved(tmp_path, 7, Passo(PLAN))
    _, seen = resumed(tmp_path, 7)
    assert seen.rates[1:] == own.rates[8:]  # the first is what the checkpoint's optimizer holds


def another_plan(was, today, now):
    """The refusal of a checkpoint at update 7, whose plan had the value 0.075 there."""
    run = "Run(steps(15), steps_per_epoch=5)"
    return "\n".join(
        [
            "the plan saved at update 7 is not today's, 2 fields differ:",
            f"  lr of groups 0 and 1, saved: {was} on {run}",
            f"  lr of groups 0 and 1, today: {today} on {run}",
            f"    now 0.075 and {now}",
            (
                'write Passo(..., on_change="keep") for the checkpoint\'s plan, "replace" for '
                "today's at the same update, \"rescale\" for today's at the same share of the run"
            ),
        ]
    )


def test_a_checkpoint_from_another_plan_is_refused(tmp_path):
    saved(tmp_path, 7, Passo(PLAN))
    with pytest.raises(PassoError) as error:
        resumed(tmp_path, 7, Passo(base * Linear(1, 0)))
    was = "Linear(0, base, percent(20)).then(Cosine(base, 0)), base 0.1"
    today, now = "Linear(1, 0) * base, base 0.1", 0.0533
    assert str(error.value) == another_plan(was, today, now)
    _, seen = resumed(tmp_path, 7, Passo(base * Linear(1, 0), on_change="replace"))
    assert seen.rates == planned(base * Linear(1, 0), Run(steps(15)), 7)


@promised("transformers", 4)
def test_another_learning_rate_is_another_plan(tmp_path):
    saved(tmp_path, 7, Passo(PLAN))
    with pytest.raises(PassoError) as error:
        resumed(tmp_path, 7, Passo(PLAN), learning_rate=0.2)
    was = "Linear(0, base, percent(20)).then(Cosine(base, 0)), base 0.1"
    assert str(error.value) == another_plan(was, was.replace("0.1", "0.2"), 0.15)
    _, seen = resumed(tmp_path, 7, Passo(PLAN, on_change="replace"), learning_rate=0.2, then=[9])
    assert seen.rates == planned(PLAN, Run(steps(15)), 7, lr=0.2)
    _, seen = resumed(tmp_path, 9, Passo(PLAN), learning_rate=0.2)
    assert seen.rates == planned(PLAN, Run(steps(15)), 9, lr=0.2)


@promised("transformers", 4)
def test_callbacks_that_are_restored_bring_their_plan_as_text(tmp_path):
    plan = {"lr": PLAN, "weight_decay": base * Linear(1, 0.5)}
    named = {"weight_decay": 0.5, "restore_callback_states_from_checkpoint": True}
    _, seen = saved(tmp_path, 7, Passo(plan, Run(steps(15)), on_change="keep"), weight_decay=0.5)
    _, then = resumed(tmp_path, 7, Passo(base), **named)
    assert (then.rates, then.decays) == (seen.rates[7:], seen.decays[7:])


def test_a_plan_that_is_no_text_is_not_restored(tmp_path):
    plan = {"lr": by_group({"all": PLAN}, others=PLAN)}
    saved(tmp_path, 7, Passo(plan))
    _, seen = resumed(tmp_path, 7, Passo(plan))
    assert seen.rates == planned(PLAN, Run(steps(15)), 7)
    with pytest.raises(PassoError) as error:
        resumed(tmp_path, 7, Passo(plan), restore_callback_states_from_checkpoint=True)
    assert str(error.value) == (
        "Passo needs a plan; write callbacks=[Passo(warmup_cosine())]. A checkpoint keeps no plan "
        "by groups: leave restore_callback_states_from_checkpoint=False with one"
    )


# -- one writer


@promised("transformers", 6)
def test_a_given_scheduler_is_refused_before_training(tmp_path):
    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR)
    given = torch.optim.lr_scheduler.StepLR(optimizer, 3)
    with pytest.raises(PassoError) as error:
        trainer(tmp_path, Passo(PLAN), optimizers=(optimizer, given))
    assert str(error.value) == (
        "the Trainer was given a scheduler, StepLR, which writes the lr, and so does the plan; "
        "write Trainer(..., optimizers=(optimizer, None)), or leave the lr out of the plan"
    )
    made, seen = trainer(tmp_path, Passo(PLAN), model=model, optimizers=(optimizer, None))
    made.train()
    assert seen.rates == planned(PLAN, Run(steps(15)))


@promised("transformers", 6)
@pytest.mark.parametrize("kind", ["reduce_lr_on_plateau", "greedy"])
def test_a_scheduler_that_goes_by_a_metric_is_refused_before_training(tmp_path, kind):
    with pytest.raises(PassoError) as error:
        trainer(
            tmp_path,
            Passo(PLAN),
            **EVALUATED,
            lr_scheduler_type=kind,
            metric_for_best_model="loss",
        )
    assert str(error.value) == (
        f'lr_scheduler_type="{kind}" writes the lr by itself, and so does the plan; leave it out '
        'of TrainingArguments, and write Passo(base * Plateau("eval_loss")) where the rate is to '
        "fall by a metric"
    )


class WithItsOwn(transformers.Trainer):
    """Makes a scheduler that nothing in its arguments asks for."""

    def create_scheduler(self, num_training_steps, optimizer=None):
        self.lr_scheduler = torch.optim.lr_scheduler.StepLR(self.optimizer, 3)
        return self.lr_scheduler


@promised("transformers", 6)
def test_a_scheduler_that_a_trainer_makes_of_its_own_is_refused_at_the_start(tmp_path):
    made, seen = trainer(tmp_path, Passo(PLAN), cls=WithItsOwn)
    with pytest.raises(PassoError) as error:
        made.train()
    assert str(error.value) == (
        "the Trainer was given a scheduler, StepLR, which writes the lr, and so does the plan; "
        "write Trainer(..., optimizers=(optimizer, None)), or leave the lr out of the plan"
    )
    assert not seen.rates


@promised("transformers", 6)
def test_a_given_scheduler_is_refused_at_the_start_where_passo_was_added_later(tmp_path):
    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR)
    given = transformers.get_scheduler("linear", optimizer, 3, 15)
    made, _ = trainer(tmp_path, model=model, optimizers=(optimizer, given))
    made.add_callback(Passo(PLAN))
    with pytest.raises(PassoError, match="the Trainer was given a scheduler, LambdaLR, which"):
        made.train()


@promised("transformers", 5, 6)
@pytest.mark.parametrize(
    "kind",
    [
        each.value
        for each in transformers.SchedulerType
        if each.value not in ("greedy", "reduce_lr_on_plateau")
    ],
)
@pytest.mark.filterwarnings("ignore::passo.PassoWarning")
def test_whatever_the_trainer_makes_of_its_arguments_rests(tmp_path, kind):
    more = {
        "cosine_with_min_lr": {"min_lr": 0.01},
        "cosine_warmup_with_min_lr": {"min_lr": 0.01},
        "warmup_stable_decay": {"num_decay_steps": 3},
    }
    named = {"lr_scheduler_type": kind, "lr_scheduler_kwargs": more.get(kind, {})}
    made, seen = trainer(tmp_path, Passo(PLAN), **named, warmup_steps=2)
    made.train()
    assert seen.rates == logged(made) == planned(PLAN, Run(steps(15)))


@promised("transformers", 6)
def test_what_was_asked_for_and_rests_is_told_once(tmp_path):
    passo = Passo(PLAN)

    def story():
        made, _ = trainer(tmp_path, passo, lr_scheduler_type="cosine", warmup_steps=3)
        made.train()

    told = said(story)
    assert told == [
        (
            "lr_scheduler_type='cosine', warmup_steps=3 of TrainingArguments are put to rest: the "
            "plan writes the lr; leave that out, or the lr out of the plan"
        )
    ]


def test_the_lr_is_the_trainers_where_the_plan_has_none(tmp_path):
    made, own = trainer(tmp_path, lr_scheduler_type="cosine", warmup_steps=3)
    made.train()
    passo = Passo({"weight_decay": base * Linear(1, 0)})
    made, seen = trainer(
        tmp_path, passo, lr_scheduler_type="cosine", warmup_steps=3, weight_decay=0.5
    )
    made.train()
    assert seen.rates == own.rates == logged(made)
    assert seen.decays == planned(base * Linear(1, 0), Run(steps(15)), lr=0.5)


@promised("transformers", 6)
def test_a_plan_given_twice_is_refused_before_training(tmp_path):
    with pytest.raises(PassoError) as error:
        trainer(tmp_path, Passo(PLAN), Passo({"weight_decay": Linear(1, 0)}))
    assert str(error.value) == (
        "Passo was given to the Trainer twice; give both schedules in one plan: "
        'Passo({"lr": warmup_cosine(), "weight_decay": Linear(0.1, 0)})'
    )


def test_an_optimizer_for_each_layer_is_refused_at_the_start(tmp_path):
    weight = torch.nn.Parameter(torch.ones(1))
    dummy = LayerWiseDummyOptimizer({weight: torch.optim.SGD([weight], lr=LR)}, lr=LR)
    made, _ = trainer(tmp_path, Passo(PLAN), optimizers=(dummy, None))
    with pytest.raises(PassoError) as error:
        made.train()
    assert str(error.value) == (
        "the Trainer has an optimizer for each layer, which step in the backward pass, so that no "
        'update can be counted; write TrainingArguments(..., optim="adamw_torch")'
    )


def test_deepspeed_is_refused_before_training(tmp_path):
    args = transformers.TrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    args.deepspeed_plugin = object()  # as a stand-in: it is set where a config was given
    state = transformers.TrainerState()
    with pytest.raises(PassoError) as error:
        Passo(PLAN).on_init_end(args, state, transformers.TrainerControl())
    assert str(error.value) == (
        "Passo does not work under DeepSpeed, whose optimizer calls no hook; write "
        "Trainer(..., optimizers=(optimizer, LambdaLR(optimizer, plan.on(run)))) with a plan of "
        "factors, such as warmup_cosine(peak=1.0)"
    )


def test_a_plan_of_factors_is_the_lr_lambda_that_is_advised_there(tmp_path):
    model = Model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR)
    factors, run = warmup_cosine(peak=1.0), Run(steps(15))
    given = torch.optim.lr_scheduler.LambdaLR(optimizer, factors.on(run))
    made, seen = trainer(tmp_path, Keep(7), model=model, optimizers=(optimizer, given))
    made.train()
    assert seen.rates == [LR * factors.on(run)(t) for t in range(15)]


# -- what it is given


def test_a_field_that_the_optimizer_lacks_is_refused_at_the_start(tmp_path):
    made, seen = trainer(tmp_path, Passo({"lr": PLAN, "decay": Linear(1, 0)}))
    with pytest.raises(PassoError, match="decay"):
        made.train()
    assert not seen.rates


@pytest.mark.parametrize("given", ["warmup_cosine(", "nonsense", 3, object(), {}])
def test_what_is_no_plan_is_refused_where_it_is_given(given):
    if given == 3:
        assert Passo(given).scheduler is None
        return
    with pytest.raises(PassoError):
        Passo(given)


def test_a_class_instead_of_a_callback_is_refused(tmp_path):
    with pytest.raises(PassoError, match=r"write callbacks=\[Passo\(warmup_cosine\(\)\)\]"):
        trainer(tmp_path, Passo)


# -- the beginning and the end


class Fail(transformers.TrainerCallback):
    """Raises once, at the end of one update."""

    def __init__(self, at):
        self.at = at

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step == self.at:
            self.at = -1
            raise KeyboardInterrupt


def test_training_again_begins_the_plan_again_from_the_same_bases(tmp_path):
    plan = {"lr": PLAN, "weight_decay": base * Linear(1, 0.5)}
    made, seen = trainer(tmp_path, Passo(plan), weight_decay=0.5)
    assert said(made.train) == []
    first, seen.rates = list(seen.rates), []
    assert said(made.train) == []
    assert seen.rates == first == planned(PLAN, Run(steps(15)))
    assert seen.decays[15:] == seen.decays[:15]


@promised("transformers", 4)
def test_training_again_after_an_exception_begins_anew_or_resumes(tmp_path):
    plan = {"lr": PLAN, "weight_decay": base * Linear(1, 0.5)}
    named = {"weight_decay": 0.5, "save_strategy": "steps", "save_steps": 5}
    made, seen = trainer(tmp_path, Passo(plan), Fail(8), **named)
    with pytest.raises(KeyboardInterrupt):
        made.train()
    seen.rates, seen.decays = [], []
    told = said(lambda: made.train(resume_from_checkpoint=f"{tmp_path}/checkpoint-5"))
    assert seen.rates == planned(PLAN, Run(steps(15)), 5)
    assert seen.decays == planned(base * Linear(1, 0.5), Run(steps(15)), 5, lr=0.5)
    seen.rates, seen.decays = [], []
    told += said(made.train)
    assert seen.rates == planned(PLAN, Run(steps(15)))
    assert seen.decays == planned(base * Linear(1, 0.5), Run(steps(15)), lr=0.5)
    assert told == []


def test_a_run_that_an_exception_ended_is_told_of_nothing(tmp_path):
    def train():
        made, _ = trainer(tmp_path, Passo(PLAN), Fail(8))
        made.train()

    assert after_an_exception(train) == []


@promised("transformers", 4)
@pytest.mark.parametrize("epochs", [4, 2])
def test_a_plan_at_the_same_share_of_another_run_ends_with_the_trainer(tmp_path, epochs):
    plan, stories = base * Linear(1, 0), []
    saved(tmp_path, 7, Passo(plan))
    passo = Passo(plan, on_change="rescale")
    told = said(lambda: stories.extend(resumed(tmp_path, 7, passo, num_train_epochs=epochs)))
    assert told == []
    left = 5 * epochs - 7
    begin = round(7 * left / 8)
    assert stories[1].rates == planned(plan, Run(steps(begin + left)), begin)


def test_a_trainer_that_has_made_more_than_it_will_ever_make_makes_nothing(tmp_path):
    plan, stories = base * Linear(1, 0), []
    saved(tmp_path, 7, Passo(plan))
    passo = Passo(plan, on_change="rescale")
    told = said(lambda: stories.extend(resumed(tmp_path, 7, passo, num_train_epochs=1)))
    assert (told, stories[1].rates) == ([], [])


@promised("transformers", 9)
def test_a_run_that_was_stopped_is_told_with_its_reason(tmp_path):
    stop = transformers.EarlyStoppingCallback(early_stopping_patience=1)
    named = {**EVALUATED, "save_strategy": "epoch", "metric_for_best_model": "score"}
    made, _ = trainer(
        tmp_path,
        Passo(PLAN),
        stop,
        **named,
        load_best_model_at_end=True,
        compute_metrics=score(3.0, 2.0, 1.0),
    )
    (text,) = said(made.train)
    assert text == (
        "the run ended early (the Trainer was stopped at update 10 of 15, by a callback or by its "
        "data): planned 15 updates, made 10; lr was 0.05 last, and its plan ends at 0"
    )


def test_a_right_run_is_silent(tmp_path):
    plan = PLAN * Plateau("eval_loss")
    made, _ = trainer(tmp_path, Passo(plan), **EVALUATED)
    assert said(made.train) == []


def test_a_search_saves_the_state_of_now(tmp_path):
    kept = []

    class Look(transformers.TrainerCallback):
        def on_evaluate(self, args, state, control, **kwargs):
            kept.append(state.stateful_callbacks["Passo"]["attributes"]["saved"]["update"])

    made, _ = trainer(tmp_path, Passo(PLAN), Look(), **EVALUATED)
    made.train()
    assert kept == [5, 10, 15]


# -- a metric that never comes


@promised("transformers", 3)
@pytest.mark.parametrize(
    ("metric", "named", "text"),
    [
        (
            "val_loss",
            EVALUATED,
            (
                "the plan waits for 'val_loss', and the Trainer calls what it evaluates eval_...; "
                "write Plateau('eval_loss')"
            ),
        ),
        (
            "eval_loss",
            {},
            (
                "the plan waits for 'eval_loss', and the Trainer evaluates nothing; write "
                'TrainingArguments(..., eval_strategy="epoch")'
            ),
        ),
        (
            "eval_acc",
            {**EVALUATED, "compute_metrics": score(3.0, 2.0, 1.0)},
            (
                "the plan waits for 'eval_acc', and the evaluation at update 5 told 'eval_loss', "
                "'eval_score'; give Plateau one of these names"
            ),
        ),
    ],
)
def test_a_metric_that_never_comes_is_told_as_soon_as_it_can_be_known(
    tmp_path, metric, named, text
):
    made, _ = trainer(tmp_path, Passo(base * Plateau(metric)), **named)
    assert said(made.train) == [text]


@pytest.mark.parametrize(
    ("metric", "write"),
    [
        ("eval_loss", 'TrainingArguments(..., eval_strategy="epoch")'),
        ("eval_far", "compute_metrics that tells 'far'"),
        (
            "loss",
            (
                "Plateau('eval_loss'), as the Trainer calls it, or passo.scheduler.report({'loss': "
                "...}) after each validation"
            ),
        ),
    ],
)
def test_a_metric_that_never_came_is_told_at_the_end_in_the_words_of_the_trainer(
    tmp_path, metric, write
):
    class Stop(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            control.should_training_stop = state.global_step == 3

    named = {"eval_dataset": DATA, "eval_strategy": "steps", "eval_steps": 9}
    made, _ = trainer(tmp_path, Passo(base * Plateau(metric)), Stop(), **named)
    _early, text = said(made.train)
    assert text == (
        f"Plateau({metric!r}) got no metric in 3 updates; it can only reduce the rate when it is "
        f"told how training goes; write: {write}"
    )


def test_a_metric_that_is_reported_by_hand_is_no_miss(tmp_path):
    passo = Passo(base * Plateau("loss", patience=0, factor=0.5))

    class Told(transformers.TrainerCallback):
        def on_step_end(self, args, state, control, **kwargs):
            passo.scheduler.report(loss=1.0)

    made, seen = trainer(tmp_path, passo, Told(), **EVALUATED)
    assert said(made.train) == []
    assert seen.rates == [LR, *(LR * 0.5 ** max(t - 1, 0) for t in range(1, 15))]


class Stuck(transformers.Trainer):
    """Trains by hand, beside its optimizer."""

    def create_optimizer(self, model=None):
        made = super().create_optimizer(model)
        own = torch.optim.AdamW(self.model.parameters(), lr=LR)
        made.step = lambda _closure=None: own.step()
        return made


def test_an_optimizer_that_is_never_stepped_is_told_while_it_trains(tmp_path):
    made, _ = trainer(tmp_path, Passo(PLAN), cls=Stuck)
    told = said(made.train)
    assert told[0].startswith("no update of AdamW was ever seen, while scheduler.step() was called")


def test_what_is_no_callback_is_told_to_be_one(tmp_path):
    made = attach(torch.optim.SGD([torch.nn.Parameter(torch.ones(1))]), base)
    for given, got in ((base, "base"), (made, "a Scheduler")):
        with pytest.raises(PassoError) as caught:
            trainer(tmp_path, given)
        assert str(caught.value) == (
            f"transformers wants a callback, got {got}; write callbacks=[Passo(plan)], with Passo "
            "from passo.integrations.transformers"
        )
