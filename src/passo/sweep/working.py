"""The loop that any number of processes may run: it takes trials from the study, and makes them."""

from __future__ import annotations

import gc
import math
import time
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from passo.ground.checks import shortened
from passo.ground.errors import PassoError, PassoWarning, words_of
from passo.ground.extras import need
from passo.sweep.answers import LONGEST, is_unheard, judged
from passo.sweep.holding import GivenAway, Hold
from passo.sweep.intervals import EXTRA
from passo.sweep.judges import Rungs, foreseen, peak_of
from passo.sweep.search import RETRIES, SEED, TRIALS, Search, finished, quiet
from passo.sweep.spaces import WHAT, WrongSpace, placed
from passo.sweep.trial import Trial

PAUSE: Final = 0.2
TAKEN: Final = "taken"
SAME_PEAK: Final = 0.1  # of the peak: what a law takes for the same
MOST_TRIALS: Final = 10**9
MOST_SEED: Final = 2**32


@dataclass(frozen=True, slots=True)
class Count:
    """How many trials are over, and how many are under way."""

    over: int
    running: int


def count(study: Any) -> Count:
    """A trial whose process died is over when it will not be made again."""
    states = need("optuna", EXTRA, WHAT).trial.TrialState
    trials = study.get_trials(deepcopy=False)
    lost = {each.number for each in lost_among(trials)}
    over = sum(
        each.state in (states.COMPLETE, states.PRUNED) or each.number in lost for each in trials
    )
    return Count(over, sum(each.state == states.RUNNING for each in trials))


def lost_among(trials: Sequence[Any]) -> list[Any]:
    """The trials whose process died, in each try that they had."""
    failed = need("optuna", EXTRA, WHAT).trial.TrialState.FAIL
    again = _made_again(trials)
    return [
        each
        for each in trials
        if each.state == failed and len(_history(each)) >= RETRIES and each.number not in again
    ]


def _made_again(trials: Sequence[Any]) -> set[int]:
    """The numbers of those that another trial makes again."""
    return {_history(each)[-1] for each in trials if _history(each)}


def _history(trial: Any) -> Sequence[int]:
    found: Sequence[int] = trial.system_attrs.get("retry_history", ())
    return found


def mend(study: Any) -> None:
    """Queues the runs whose process ended in their middle, at most twice each; under the lock.

    Optuna finds a process that fell silent, but not one that ended between its trial and its first
    heartbeat: that trial would be under way for ever. Under the lock it has no `TAKEN` of its own.
    """
    optuna = need("optuna", EXTRA, WHAT)
    states, storages = optuna.trial.TrialState, optuna.storages
    storages.fail_stale_trials(study)
    for each in study.get_trials(deepcopy=False, states=(states.RUNNING,)):
        if each.user_attrs.get(TAKEN) != each.number:  # a run that is made again has a copy
            study.tell(each.number, state=states.FAIL)
    trials = study.get_trials(deepcopy=False)
    again = _made_again(trials)
    retry = storages.RetryHeartbeatStaleTrialCallback(max_retry=RETRIES)
    for each in trials:
        if each.state == states.FAIL and each.number not in again:
            retry(study, deepcopy(each))


def original(trial: Any) -> int:
    """The number of the trial that this one makes again, or its own."""
    number: int = trial.system_attrs.get("failed_trial", trial.number)
    return number


def work(search: Search, name: str, total: int, ended: Any = None) -> None:
    """Makes runs until so many are over, beside whoever else does the same.

    `ended()` is called after each. What a train function raises is what its run came to; a
    `WrongAnswer` or a `WrongSpace` ends the search.
    """
    with quiet():
        study, lock = search.study(name), search.lock()
        task = (OneTrial if name == TRIALS else OneSeed)(search, lock)
        while True:
            lock.acquire()
            try:
                mend(study)
                so_far = count(study)
                if so_far.over >= total:
                    return
                if so_far.over + so_far.running < total:
                    _make(study, task)
            finally:
                lock.release(force=True)
            if so_far.over + so_far.running >= total:
                time.sleep(PAUSE)
            elif ended is not None:
                ended()


def _make(study: Any, task: OneTrial) -> None:
    """One trial, told what it came to; not where another process has made it meanwhile."""
    optuna = need("optuna", EXTRA, WHAT)
    states, gone = optuna.trial.TrialState, optuna.exceptions.UpdateFinishedTrialError
    trial = study.ask()
    with suppress(GivenAway, gone), Hold(trial, task.search.silence) as hold:
        try:
            told = {"values": task(trial, hold)}
        except task.given_up:
            told = {"state": states.PRUNED}
        except gone:
            raise
        except (Exception, KeyboardInterrupt):
            study.tell(trial, state=states.FAIL, skip_if_finished=True)
            raise
        study.tell(trial, skip_if_finished=True, **told)


@dataclass(slots=True)
class OneTrial:
    """One trial of the search: a plan of the space, on the first seed."""

    search: Search
    lock: Any
    given_up: Any = field(default=None)

    def __post_init__(self) -> None:
        """Optuna's own word for a run that is not gone on with."""
        self.given_up = need("optuna", EXTRA, WHAT).TrialPruned

    def __call__(self, trial: Any, hold: Hold) -> float:
        """The loss; what has none is given up, and says why in its attributes."""
        search = self.search
        try:
            plan, text = self._plan(trial)
        finally:
            trial.set_user_attr(TAKEN, trial.number)  # its first heartbeat was recorded before
            self.lock.release(force=True)  # the trial is taken: the next process may take one
        trial.set_user_attr("plan", text)
        if search.judge != "shares":
            self._ask_law(trial, plan)
        folder = search.files_of(original(trial.study.trials[trial.number]))
        if search.judge == "shares":
            rungs = Rungs(trial, search.run, search.metric, self.given_up)
            handed = Trial(folder, rungs, hold.check)
            for update, metrics in handed.reports:
                rungs(update, metrics)
        else:
            handed = Trial(folder, None, hold.check)
        return self._loss(trial, plan, SEED, handed, hold)

    def _plan(self, trial: Any) -> tuple[Any, str]:
        try:
            plan, text = self.search.space.plan(trial)
            placed(plan, self.search.run)
        except WrongSpace:
            raise
        except PassoError as error:
            self._fail(trial, f"no such plan: {error}")
            raise self.given_up from None
        return plan, text

    def _fail(self, trial: Any, why: str) -> None:
        trial.set_user_attr("failed", shortened(why, LONGEST))

    def _loss(self, trial: Any, plan: Any, seed: int, handed: Trial, hold: Hold) -> float:
        search, begin = self.search, time.monotonic()
        try:
            answer = search.train(plan, search.run, seed, handed)
        except self.given_up as error:
            _forget(error)
            raise
        except Exception as error:  # whatever it is, it is what this run came to
            hold.check(at_once=True)
            if is_unheard(error):
                raise
            self._fail(trial, words_of(error))
            raise self.given_up from None
        loss, metrics = judged(answer, search.metric)
        trial.set_user_attr("seconds", time.monotonic() - begin)
        trial.set_user_attr("metrics", {k: v for k, v in metrics.items() if math.isfinite(v)})
        if not math.isfinite(loss):
            self._fail(trial, f"its loss was {loss}")
            raise self.given_up
        return loss

    def _ask_law(self, trial: Any, plan: Any) -> None:
        """Gives the run up where its predicted end is above the best one, its band included."""
        search = self.search
        peak = peak_of(plan, search.run)
        trial.set_user_attr("peak", peak)
        done = finished(trial.study)
        alike = [
            search.files_of(original(each))
            for each in done
            if peak is not None and _is_same(peak, each.user_attrs.get("peak"))
        ]
        if not done or (search.law is None and not alike):
            return
        told = foreseen(search.law, plan, search.run, alike, search.metric or "val_loss")
        if isinstance(told, str):
            trial.set_user_attr("unforeseen", shortened(told, LONGEST))
            return
        trial.set_user_attr("foreseen", told.end)
        if told.end - told.margin > min(each.value for each in done):
            trial.set_user_attr("given_up_at", 0.0)
            raise self.given_up


class OneSeed(OneTrial):
    """One run more of a plan that was found, on a seed that it was not chosen by."""

    def __call__(self, trial: Any, hold: Hold) -> float:
        """The loss; what has none is given up, and says why."""
        number = trial.suggest_int("trial", 0, MOST_TRIALS)
        seed = trial.suggest_int("seed", 0, MOST_SEED)
        trial.set_user_attr(TAKEN, trial.number)
        self.lock.release(force=True)
        optuna = need("optuna", EXTRA, WHAT)
        params = self.search.study().trials[number].params
        plan, text = self.search.space.plan(optuna.trial.FixedTrial(params))
        trial.set_user_attr("plan", text)
        folder = self.search.folder / f"trial-{number}-seed-{seed}"
        return self._loss(trial, plan, seed, Trial(folder, None, hold.check), hold)


def _forget(error: BaseException) -> None:
    """Lets go of what a run that was given up had: that its plan did not end is meant here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the run ended early", PassoWarning)
        traceback.clear_frames(error.__traceback__)
        gc.collect()


def _is_same(peak: float, other: float | None) -> bool:
    return other is not None and math.isclose(peak, other, rel_tol=SAME_PEAK)
