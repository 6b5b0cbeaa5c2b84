"""Fine-tuning a trained network."""

from __future__ import annotations

from evidence.frame.arms import arm
from evidence.frame.claims import Claim, Versus

RATES = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16)
COSINE = arm("cosine", "tuned", "cosine_decay()", RATES)
STEPS = arm("steps", "tuned", "multistep_decay([percent(50), percent(80)])", RATES)
CONSTANT = arm("constant", "tuned", "Constant(base)", RATES)
CLAIM = Claim(
    "fine_tuning",
    "A cosine is ideal for fine-tuning; steps at chosen points suit it as well.",
    "2.2, 2.4, 4",
    (
        Versus("cosine against constant", COSINE, CONSTANT),
        Versus("steps against constant", STEPS, CONSTANT),
        Versus(
            "cosine against linear to 0", COSINE, arm("linear", "tuned", "Linear(base, 0)", RATES)
        ),
        Versus("cosine against constant, both at 0.04", COSINE.at(0.04), CONSTANT.at(0.04)),
    ),
    on="the rate",
    notes="The network has learnt the digits 0 to 4 of MNIST and learns 5 to 9 from 200 images.",
)
