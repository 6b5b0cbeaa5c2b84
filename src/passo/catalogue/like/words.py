"""Words of other libraries that mean the same: what one calls T_max another calls t_initial."""

from __future__ import annotations

from typing import Final

ORDER: Final = (
    "torch",
    "transformers",
    "timm",
    "optax",
    "keras",
    "ignite",
    "mmengine",
    "composer",
    "fairseq",
    "nemo",
    "megatron",
    "deepspeed",
    "torchtitan",
    "torchtune",
    "olmo",
    "litgpt",
    "pytorch_warmup",
    "lr_finder",
)
"""The libraries, those first whose words most people know: a word is said to be the first one's."""

_MEANINGS: Final = {
    "how long the fall, or the whole, is": {
        "T_max",
        "T_0",
        "total_iters",
        "total_steps",
        "num_training_steps",
        "t_initial",
        "transition_steps",
        "decay_steps",
        "first_decay_steps",
        "max_steps",
        "total_num_update",
        "max_update",
        "lr_decay_iters",
        "lr_decay_steps",
        "t_max",
        "total_num_steps",
        "cycle_size",
        "period",
        "lr_period_updates",
        "training_steps",
        "max_iters",
    },
    "how long the warm-up is": {
        "num_warmup_steps",
        "warmup_t",
        "warmup_steps",
        "warmup_updates",
        "warmup_num_steps",
        "warmup_duration",
        "t_warmup",
        "warmup",
        "warmup_epochs",
        "warmup_period",
        "lr_warmup_steps",
        "lr_warmup_iters",
        "warmup_iters",
    },
    "how long the last descent is": {
        "num_decay_steps",
        "decay_t",
        "decay_steps",
        "wsd_decay_steps",
        "lr_wsd_decay_iters",
        "decay",
    },
    "where it ends": {
        "eta_min",
        "min_lr",
        "lr_end",
        "end_learning_rate",
        "end_value",
        "lr_min",
        "end_lr",
        "min_lr_rate",
        "min_lr_ratio",
        "alpha_f",
        "alpha",
        "decay_min_lr",
        "final_lr",
        "min_lr_factor",
        "cos_min_ratio",
        "eta_min_ratio",
    },
    "where it begins": {
        "start_factor",
        "warmup_lr_init",
        "warmup_init_lr",
        "init_value",
        "warmup_start_value",
        "warmup_min_lr",
        "init_lr",
    },
    "the highest value": {
        "max_lr",
        "peak_value",
        "lr",
        "learning_rate",
        "initial_learning_rate",
        "base_lr",
        "warmup_max_lr",
        "eta_max",
    },
    "by how much it falls": {"gamma", "factor", "decay_rate", "lr_shrink"},
    "how often it falls": {"step_size", "decay_t", "decay_steps", "lr_decay_period"},
    "at which moments it falls": {"milestones", "boundaries", "decay_milestones", "lr_steps"},
    "the power of a polynomial": {"power", "exponent"},
    "how much longer each cycle is": {"T_mult", "cycle_mul", "t_mul", "t_mult", "cycle_mult"},
    "how many cycles": {"num_cycles", "cycle_limit"},
}


def alike(word: str) -> set[str]:
    """The words that mean the same somewhere.

    >>> "t_initial" in alike("T_max"), alike("banana")
    (True, set())
    """
    return set().union(*(row for row in _MEANINGS.values() if word in row)) - {word}


def whose(library: str) -> str:
    """A library as the owner of something.

    >>> whose("torch"), whose("transformers")
    ("torch's", "transformers'")
    """
    return f"{library}'" if library.endswith("s") else f"{library}'s"
