"""Settings of pytorch_warmup's warm-ups."""

_PERIODS = [{"warmup_period": n} for n in (1, 2, 10, 64, 500)]
_BETAS = [{"beta2": beta2} for beta2 in (0.9, 0.95, 0.98, 0.99, 0.999)]

SETTINGS = {
    "LinearWarmup": _PERIODS,
    "ExponentialWarmup": _PERIODS,
    "UntunedLinearWarmup": _BETAS,
    "UntunedExponentialWarmup": _BETAS,
    "RAdamWarmup": _BETAS,
}
