"""What callbacks advise, and what the core says to who writes one."""

from __future__ import annotations

import builtins
import tempfile
import warnings
from functools import partial
from typing import Any

import pytest
import torch
from torch.optim.lr_scheduler import LambdaLR

from passo import Linear, Plateau, Run, attach, base, steps, warmup_cosine
from passo.integrations.attachment import Attachment, of_callback
from tests.advice.table import Table, Told
from tests.optim.tools import rates, sgd, update

LINE, RUN = base * Linear(1.0, 0.0), Run(steps(4))
HALF = [1.0, 0.75, 0.5, 0.25]
tried = Table(LINE=LINE, RUN=RUN)
CALLER = of_callback("a trainer", "log {!r}".format)
Passo = partial(Attachment, CALLER)


def begun(waits: Attachment, *optimizers: Any, run: Run | None = RUN, made: int = 0) -> None:
    waits.begin(list(optimizers), run)
    waits.go_on(made)


@tried("Passo takes plan, run, seek and {}, as attach does; got {}{}")
def an_option_is_one_of_attachs(told: Told) -> None:
    text = told("Passo(LINE, on_chang='keep')", Passo=Passo)
    Passo(LINE, **{text.quoted(r"did you mean '(\w+)'"): "keep"})


@tried(
    "record is the trace of one plan, got {} plans; give one plan for all optimizers, or leave "
    "record out"
)
def a_trace_is_of_one_plan(told: Told, folder: str = "never.jsonl") -> None:
    text = told("Passo([LINE, LINE], record=folder)", Passo=Passo, folder=folder)
    text.words("give one plan for all optimizers", "leave record out")
    Passo(LINE, record=folder)
    Passo([LINE, LINE])


@tried(
    'on_change="rescale" goes on at the same share of the plan, and the run that was saved is '
    "over: nothing is left of it for the {} updates that {} will make; write {} for today's plan "
    "at update {}"
)
def a_run_that_is_over_is_gone_on_with_by_todays_plan(told: Told) -> None:
    def gone_on(**options: Any) -> list[float]:
        optimizer = sgd()
        waits = Attachment(CALLER, LINE, **options)
        waits.load_state_dict(state)
        waits.begin(optimizer, Run(steps(8)), left=4)
        waits.go_on(4)
        return rates(optimizer, 4)

    before, optimizer = Attachment(CALLER, LINE), sgd()
    before.begin(optimizer, RUN)
    before.go_on(0)
    assert rates(optimizer, 4) == HALF
    state = before.state_dict()
    text = told(lambda: gone_on(on_change="rescale"))
    code = text.quoted(r"write Passo\(\.\.\., (on_change=\"\w+\")\)")
    assert gone_on(**eval(f"dict({code})")) == [0.5, 0.375, 0.25, 0.125]


@tried(
    "the plan {} needs the length of the run, and {}; write Passo(plan, "
    "run=Run(steps(10_000))) with the number of updates"
)
def a_length_is_given(told: Told) -> None:
    text = told(lambda: begun(Passo(LINE), sgd(), run=None))
    code = text.quoted(r"write (Passo\(.*\)) with the number")
    waits = eval(code, {"Passo": Passo, "plan": LINE, "Run": Run, "steps": steps})
    begun(waits, optimizer := sgd(), run=None)
    assert rates(optimizer, 2) == [1.0, 0.9999]
    waits.fail()


@tried("Passo got plans for {}, and {} has {} optimizers, {}; write Passo({})")
def there_is_a_plan_for_each_optimizer(told: Told) -> None:
    one, two = sgd(), sgd(lr=0.5)
    text = told(lambda: begun(Passo([LINE] * 3), one, two))
    waits = eval(text.quoted(r"write (Passo\(.*\))"), {"Passo": Passo, "plan": LINE})
    begun(waits, one, two)
    assert (rates(one, 4), rates(two, 4)) == (HALF, [0.5 * rate for rate in HALF])
    waits.end()


@tried(
    "the checkpoint that {} goes on from is at update {} and has no state of passo, so that the "
    "plan would begin again; write Passo(plan, seek={}) to go on there, or seek=0 to begin the "
    "plan there on purpose"
)
def a_checkpoint_without_a_state_is_gone_on_from(told: Told) -> None:
    text = told(lambda: begun(Passo(LINE), sgd(), made=2))
    code = text.quoted(r"write (Passo\(plan, seek=\d+\))")
    text.words("seek=0")
    for waits, rest in (
        (eval(code, {"Passo": Passo, "plan": LINE}), HALF[2:]),
        (Passo(LINE, seek=0), HALF),
    ):
        begun(waits, optimizer := sgd(), made=2)
        assert rates(optimizer, len(rest)) == rest
        waits.end()


@tried(
    "the checkpoint has the state of {} plans, and Passo has {}; give as many plans as when it "
    "was saved"
)
def as_many_plans_are_given_as_were_saved(told: Told) -> None:
    begun(saving := Passo([LINE, LINE]), one := sgd(), two := sgd())
    update(one, 2)
    update(two, 2)
    state = saving.state_dict()
    saving.fail()

    def again(plan: Any) -> list[list[float]]:
        waits = Passo(plan)
        waits.load_state_dict(state)
        begun(waits, one := sgd(), two := sgd(), made=4)
        found = [rates(one, 2), rates(two, 2)]
        waits.end()
        return found

    told(lambda: again(LINE)).words("give as many plans as when it was saved")
    assert again([LINE, LINE]) == [HALF[2:], HALF[2:]]


@tried(
    "a plateau listens to {}, and {} logs {}: it never falls; {}, or give Plateau a name that "
    "is logged"
)
def a_plateau_has_a_name_that_is_logged(told: Told) -> None:
    def hears(metric: str) -> tuple[Any, ...]:
        begun(waits := Passo(base * Plateau(metric, patience=0)), optimizer := sgd())
        waits.miss({"val_loss"}, lambda name: f"log {name!r}")
        found = [waits.hear({"val_loss": 0.5}) for _ in range(2)]
        waits.fail()
        assert optimizer.param_groups[0]["lr"] == (0.1 if found[-1] else 1.0)
        return found[-1]

    text = told(lambda: hears("val_los"))
    text.words("log 'val_los'", "give Plateau a name that is logged")
    assert len(hears(text.quoted(r"logs '(\w+)'"))) == 1


@tried("let {} have those of the state")
def a_trainer_has_the_optimizers_of_its_state(told: Told) -> None:
    saving, both = Passo(LINE), {"a": sgd(), "b": sgd()}
    saving.begin(both, RUN)
    for _ in range(2):
        for each in both.values():
            update(each)
    state = saving.state_dict()
    saving.fail()

    def again(*names: str) -> list[list[float]]:
        waits, made = Passo(LINE), {name: sgd() for name in names}
        waits.load_state_dict(state)
        waits.begin(made, RUN)
        try:
            waits.go_on(2)
            found = []
            for _ in range(2):
                found.append([each.param_groups[0]["lr"] for each in made.values()])
                for each in made.values():
                    update(each)
        except BaseException:
            waits.fail()
            raise
        waits.end()
        return found

    told(lambda: again("a", "c")).words("let a trainer have those of the state")
    assert again("a", "b") == [[HALF[2]] * 2, [HALF[3]] * 2]


@tried("give each its own plan, {}([plan, other], ...)")
def each_optimizer_of_a_trainer_has_its_own_pace(told: Told) -> None:
    def trained(waits: Attachment) -> None:
        one, other = sgd(), sgd()
        begun(waits, one, other, run=None)
        for t in range(100):
            update(one)
            if t % 2:
                update(other)
        waits.end()

    plan, other = base * Linear(1, 0, steps(100)), base * Linear(1, 0, steps(50))
    text = told(lambda: trained(Passo(plan)))
    code = text.quoted(r"(Passo\(\[plan, other\], \.\.\.\))").replace(", ...", "")
    trained(eval(code, {"Passo": Passo, "plan": plan, "other": other}))


# -- Lightning


@tried(
    "the checkpoint at update {} was written before the validation of that update, which Lightning "
    "does not make again: who goes on from it goes on without its report, at other rates; write "
    "callbacks=[Passo(plan), ModelCheckpoint(every_n_epochs=1)], which saves after it too"
)
def lightning_saves_after_its_validation_too(told: Told) -> None:
    from tests.integrations import test_lightning as theirs

    saving, plan = theirs.theirs.ModelCheckpoint, base * Plateau("val_loss", patience=9)

    def fit(*callbacks: Any) -> list[float]:
        some = saving(tempfile.mkdtemp(), save_top_k=-1, every_n_train_steps=4)
        options = {"beside": [*callbacks[1:], some], "enable_checkpointing": True}
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning)  # Lightning's own, by torch
            made, _ = theirs.fitted(callbacks[0], validate=True, **options)
        return list(made.used)

    text = told(lambda: fit(theirs.Passo(plan)))
    code = text.quoted(r"callbacks=(\[.*?\]), which")
    names = {"Passo": theirs.Passo, "ModelCheckpoint": partial(saving, tempfile.mkdtemp())}
    assert fit(*eval(code, {**names, "plan": plan})) == [0.1] * 8


def fitted(plan: Any, module: Any = None, beside: Any = ()) -> list[float]:
    """What each update used in a fit of four."""
    lightning = pytest.importorskip("lightning", reason="lightning is not installed")
    from passo.integrations.lightning import Passo as Callback

    used: list[float] = []

    class Module(lightning.LightningModule):
        name, returns = "val_loss", False

        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def training_step(self, batch: Any, _index: int) -> Any:
            return self.layer(batch).square().mean()

        def validation_step(self, _batch: Any, _index: int) -> None:
            self.log(self.name, 0.5)

        def configure_optimizers(self) -> Any:
            optimizer = torch.optim.SGD(self.parameters(), lr=1.0)
            optimizer.register_step_pre_hook(lambda o, *_: used.append(o.param_groups[0]["lr"]))
            if self.returns:
                return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]
            return optimizer

    model = Module()
    for name, value in (module or {}).items():
        setattr(model, name, value)
    quiet = {f"enable_{what}": False for what in ("checkpointing", "progress_bar", "model_summary")}
    callbacks = [*beside] if plan is None else [Callback(plan), *beside]
    data = torch.utils.data.DataLoader(torch.ones(2, 1))
    with warnings.catch_warnings():  # Lightning has words about its workers, and torch's folders
        for name in ("Deprecation", "Future", "PossibleUser"):
            kind = getattr(lightning.pytorch.utilities.warnings, f"{name}Warning", None)
            warnings.filterwarnings("ignore", category=kind or getattr(builtins, f"{name}Warning"))
        lightning.Trainer(
            max_epochs=2, accelerator="cpu", logger=False, callbacks=callbacks, **quiet
        ).fit(model, data, data)
    return used


@tried(
    "configure_optimizers returns {}, and Passo drives the optimizer by its plan: two would write "
    "one rate; return the optimizer alone, or leave Passo out"
)
def lightning_is_given_the_optimizer_alone(told: Told) -> None:
    text = told(lambda: fitted(LINE, {"returns": True}))
    text.words("return the optimizer alone", "leave Passo out")
    assert fitted(LINE) == HALF
    assert len(fitted(None, {"returns": True})) == 4


@tried(
    "{} writes the learning rate, and so does Passo; leave {} out and put what it does to the "
    "rate into the plan, or leave Passo out"
)
def lightning_has_one_writer(told: Told) -> None:
    callbacks = pytest.importorskip("lightning.pytorch.callbacks", reason="no lightning")

    def other() -> Any:
        return callbacks.StochasticWeightAveraging(0.1)

    text = told(lambda: fitted(LINE, beside=[other()]))
    text.words("leave StochasticWeightAveraging out", "leave Passo out")
    assert fitted(LINE) == HALF
    assert len(fitted(None, beside=[other()])) == 4


@tried("write self.log({}, ...) in validation_step")
def lightning_is_told_the_name(told: Told) -> None:
    plan = base * Plateau("val_los", patience=0)
    name = told(lambda: fitted(plan)).quoted(r"write self\.log\('(\w+)', \.\.\.\)")
    assert len(fitted(plan, {"name": name})) == 4


# -- what the core says


def native(optimizer: Any) -> LambdaLR:
    return LambdaLR(optimizer, lambda _: 0.5)


@tried(
    "over is a scheduler of one optimizer, and here are several under one plan; write "
    "attach(optimizer, plan, over=its_scheduler) for each"
)
def one_optimizers_scheduler_is_put_to_rest(told: Told) -> None:
    both = [sgd(), sgd()]
    resting = [native(each) for each in both]
    text = told(lambda: attach(both, LINE, RUN, over=resting[0]))
    code = text.quoted(r"write (attach\(.*\)) for each")
    plan = base * Linear(1.0, 0.0, steps(4))
    for optimizer, theirs in zip(both, resting, strict=True):
        names = {"optimizer": optimizer, "plan": plan, "its_scheduler": theirs}
        eval(code, {"attach": attach, **names})
        assert rates(optimizer, 4) == HALF


@tried(
    "over needs the torch scheduler that a trainer made, got {}; leave it out where there is none"
)
def nothing_is_put_to_rest_where_nothing_is(told: Told) -> None:
    optimizer = sgd()
    told(lambda: attach(optimizer, LINE, RUN, over=3)).words("leave it out where there is none")
    attach(optimizer, LINE, RUN)
    assert rates(optimizer, 4) == HALF


@tried("over={} is at rest already, under another plan; call detach() on that first")
def what_rests_is_woken_first(told: Told) -> None:
    optimizer = sgd(momentum=0.9)
    theirs = native(optimizer)
    other = attach(optimizer, {"momentum": 0.5}, over=theirs)
    text = told(lambda: attach(optimizer, LINE, RUN, over=theirs))
    eval("other." + text.quoted(r"call (detach\(\)) on"), {"other": other})
    attach(optimizer, LINE, RUN, over=theirs)
    assert rates(optimizer, 4) == HALF


@tried(
    "over={} is a scheduler of another optimizer than the one that is attached to; write "
    "attach(over.optimizer, ...), or leave over out"
)
def its_own_optimizer_is_attached_to(told: Told) -> None:
    one, two = sgd(), sgd()
    over = native(two)
    text = told(lambda: attach(one, LINE, RUN, over=over))
    text.words("leave over out")
    attach(one, LINE, RUN)
    code = text.quoted(r"write (attach\(over\.optimizer, \.\.\.\))").replace(
        "...", "LINE, RUN, over=over"
    )
    eval(code, {"attach": attach, "LINE": LINE, "RUN": RUN, "over": over})
    assert (rates(one, 4), rates(two, 4)) == (HALF, HALF)


@tried('because is the reason in words, got {}; write detach(because="early stopping on val_loss")')
def a_reason_is_given_in_words(told: Told) -> None:
    scheduler = attach(optimizer := sgd(), LINE, RUN)
    text = told(lambda: scheduler.detach(because=3))  # type: ignore[arg-type]
    update(optimizer, 4)
    eval("scheduler." + text.quoted(r"write (detach\(.*\))"), {"scheduler": scheduler})
    assert not scheduler.attached


@tried("Passo(warmup_cosine())")
def passo_of_lightning_takes_a_plan(told: Told) -> None:
    made = pytest.importorskip("passo.integrations.lightning").Passo
    text = told("Passo(run=RUN)", Passo=made)
    assert text.put("@", Passo=made, warmup_cosine=warmup_cosine)[0].schedulers == ()
