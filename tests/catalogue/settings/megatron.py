"""Settings of Megatron's decay styles, in the words of its class."""

_RATES = [
    {"lr_decay_steps": 100, "lr_warmup_steps": 10},
    {"lr_decay_steps": 100, "lr_warmup_steps": 10, "min_lr": 0.03},
    {"lr_decay_steps": 77, "lr_warmup_steps": 20, "min_lr": 0.01, "init_lr": 0.1},
    {"lr_decay_steps": 100, "lr_warmup_steps": 1, "min_lr": 0.2, "init_lr": 0.3},
    {"lr_decay_steps": 60, "lr_warmup_steps": 59, "min_lr": 0.03},
    {"lr_decay_steps": 100, "min_lr": 0.03},
]
_STABLE = [
    {**rate, "wsd_decay_steps": decay, "lr_wsd_decay_style": shape}
    for shape in ("linear", "cosine", "exponential", "minus_sqrt")
    for rate, decay in [
        *((rate, 20) for rate in _RATES),
        (_RATES[0], 95),
        (_RATES[5], 150),
        (_RATES[1], 0),
        (_RATES[1], 90),
    ]
]
_STYLES = {
    "constant": _RATES,
    "linear": _RATES,
    "cosine": _RATES,
    "inverse-square-root": _RATES[:5],
    "WSD": _STABLE,
}
SETTINGS = {style: [{"max_lr": 0.3, **rate} for rate in rates] for style, rates in _STYLES.items()}
