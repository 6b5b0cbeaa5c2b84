"""Settings of litgpt's functions."""

SETTINGS = {
    "get_lr": [
        {"learning_rate": rate, "warmup_iters": warmup, "max_iters": most, "min_lr": least}
        for rate, warmup, most, least in (
            (0.1, 10, 100, 0.0),
            (0.1, 0, 50, 0.01),
            (3e-4, 1, 99, 3e-5),
            (1.0, 99, 100, 0.5),
            (0.02, 33, 77, 0.02),
        )
    ],
    "get_lr_scheduler": [
        {"warmup_steps": warmup, "max_steps": most}
        for warmup, most in ((10, 100), (1, 50), (33, 77), (50, 51), (5, 99))
    ],
}
