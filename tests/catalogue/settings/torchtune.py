"""Settings of torchtune's schedule."""

SETTINGS = {
    "get_cosine_schedule_with_warmup": [
        {"num_warmup_steps": 10, "num_training_steps": 100},
        {"num_warmup_steps": 0, "num_training_steps": 60},
        {"num_warmup_steps": 10, "num_training_steps": 100, "num_cycles": 1.5},
        {"num_warmup_steps": 33, "num_training_steps": 77, "num_cycles": 1},
        {"num_warmup_steps": 1, "num_training_steps": 50, "num_cycles": 0.3},
    ],
}
