"""The schedules that the demo trains with: what each is called, is for, and is written as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from passo.ground.errors import closest
from passo.schedules import PassoError, Schedule, parse


@dataclass(frozen=True, slots=True)
class Story:
    """One schedule: `plan` is pairs of a field and the text of what it follows.

    >>> STORIES[0].name, STORIES[0].schedules()
    ('constant', {'lr': Constant(base)})
    """

    name: str
    title: str
    words: str
    plan: tuple[tuple[str, str], ...]

    def schedules(self) -> dict[str, Schedule]:
        """The plan as `attach` takes it."""
        return {key: parse(text) for key, text in self.plan}

    @property
    def code(self) -> str:
        """The plan as a reader would write it.

        >>> chosen(["cosine"])[0].code
        'cosine_decay()'
        """
        texts = [text for _, text in self.plan]
        if len(texts) == 1:
            return texts[0]
        return "{" + ", ".join(f'"{key}": {text}' for key, text in self.plan) + "}"


def _lr(name: str, title: str, words: str, text: str) -> Story:
    return Story(name, title, words, (("lr", text),))


STORIES: tuple[Story, ...] = (
    _lr(
        "constant",
        "constant",
        "The same rate from the first update to the last. "
        "This is what every other schedule is measured against.",
        "Constant(base)",
    ),
    _lr(
        "too-high",
        "constant × 10",
        "The same, ten times too high: every update overshoots. "
        "Expect a loss that jumps up early and never comes back down.",
        "Constant(10 * base)",
    ),
    _lr(
        "too-low",
        "constant ÷ 10",
        "The same, ten times too low: safe, but slow. "
        "Expect a loss that is still falling when the budget is spent.",
        "Constant(0.1 * base)",
    ),
    _lr(
        "step",
        "step",
        "The rate stays as it is, then drops at once by the same factor, at regular intervals. "
        "After each drop the loss becomes calmer.",
        "step_decay(percent(25), gamma=0.3)",
    ),
    _lr(
        "multistep",
        "multistep",
        "As step, but the moments are chosen by hand: "
        "long at the full rate, then a few drops late in the run.",
        "multistep_decay([percent(50), percent(80)])",
    ),
    _lr(
        "exponential",
        "exponential",
        "A little less at every update, always by the same factor. "
        "Most of the fall comes early, so the end of the run learns little.",
        "exponential_decay(0.02, every=percent(100))",
    ),
    _lr(
        "cosine",
        "cosine",
        "Half a cosine from the full rate to zero: gently at first, quickly in the middle, "
        "gently at the end. Nothing to choose but the length of the run.",
        "cosine_decay()",
    ),
    _lr(
        "warm-restarts",
        "warm restarts",
        "One cosine after another: each restart jumps back to the full rate, to leave a poor "
        "place. The loss jumps too, and the next descent often ends lower.",
        "warm_restarts(first=percent(25))",
    ),
    _lr(
        "cyclic",
        "cyclic",
        "Up and down in a straight line between a low rate and the full one, again and again. "
        "Every cycle passes through a good rate, without knowing which it is.",
        "cyclic(0.1 * base, rise=percent(12.5))",
    ),
    _lr(
        "plateau",
        "plateau",
        "Listens to the validation loss: when several reports in a row bring nothing better, "
        "the rate is cut. The only one here that depends on how the run goes.",
        'base * Plateau("val_loss", factor=0.3, patience=8)',
    ),
    _lr(
        "warmup-cosine",
        "warm-up + cosine",
        "From zero in a straight line up to the full rate, since the first gradients are the "
        "wildest; then a cosine down to zero.",
        "warmup_cosine(warmup=percent(10))",
    ),
    Story(
        "one-cycle",
        "one-cycle",
        "One climb from a low rate to the full one, and a longer way down to almost nothing. "
        "Momentum (beta 1 of AdamW) moves against it: least where the rate is highest.",
        (("lr", "one_cycle()"), ("momentum", "one_cycle_momentum()")),
    ),
    _lr(
        "wsd",
        "warm-up, stable, decay",
        "A short climb, a long time at the full rate, a straight descent to zero. "
        "The run can be extended as long as the descent has not begun.",
        "wsd()",
    ),
)

COMPARED = ("constant", "step", "cosine", "warmup-cosine", "one-cycle")


def chosen(only: Sequence[str] | None = None) -> tuple[Story, ...]:
    """The stories of these names, in the demo's order; all of them without names.

    >>> [story.name for story in chosen(["wsd", "cosine"])]
    ['cosine', 'wsd']
    """
    known = {story.name: story for story in STORIES}
    wanted = known if only is None else dict.fromkeys(only)
    for name in wanted:
        if name not in known:
            raise PassoError(
                f"the demo has no schedule {name!r}{closest(name, known)}; "
                f"it has {', '.join(known)}"
            )
    if not wanted:
        raise PassoError(f"'only' needs at least one of {', '.join(known)}")
    return tuple(story for story in STORIES if story.name in wanted)
