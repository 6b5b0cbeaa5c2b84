"""Other libraries' schedules as exact expressions, without that library.

    like.transformers("cosine", num_warmup_steps=100, num_training_steps=1000)

Names and arguments are that library's own. The answer is a plain expression (of `base` where that
library multiplies the group's rate), or a mapping where that library moves several fields. What a
library does in its own way, or wrongly, is copied, and told by `remarks`.

How a library is added: write `libraries/NAME.py` with `NAME = Library("name", needless=...)`, a
function under `@NAME.schedule(...)` for each schedule, and the public function `name(...)`, which
hands on to `NAME.answer`. Its parameters are those of that library; what it moves comes back as an
expression, or as `Either(theirs=..., hold=...)` where theirs does not stop at its end. Where theirs
raises past its end ours holds, and a remark says so. `example` is one right call: errors show it,
docs/like.md lists it, a test makes it. `common.py` has lengths, choices and warm-ups; a PassoError
gets the call in front. Then import it here, put it into `__all__`, `words.ORDER` and, where its
words mean what others call differently, `words._MEANINGS`; tests/catalogue/test_like.py names what
is missing. Its values are tested in tests/peers/ beside the library itself where that imports, else
in tests/catalogue/ against its formula in mpmath.
"""

from passo.catalogue.like.libraries import olmo_stages as _stages_of_olmo  # noqa: F401
from passo.catalogue.like.libraries import optax_joined as _joined_of_optax  # noqa: F401
from passo.catalogue.like.libraries import timm_names as _names_of_timm  # noqa: F401
from passo.catalogue.like.libraries import transformers_metrics as _metrics_of_transformers  # noqa: F401
from passo.catalogue.like.libraries.composer import composer
from passo.catalogue.like.libraries.deepspeed import deepspeed
from passo.catalogue.like.libraries.fairseq import fairseq
from passo.catalogue.like.libraries.ignite import ignite
from passo.catalogue.like.libraries.keras import keras
from passo.catalogue.like.libraries.litgpt import litgpt
from passo.catalogue.like.libraries.lr_finder import lr_finder
from passo.catalogue.like.libraries.megatron import megatron
from passo.catalogue.like.libraries.mmengine import mmengine
from passo.catalogue.like.libraries.nemo import nemo
from passo.catalogue.like.libraries.olmo import olmo
from passo.catalogue.like.libraries.optax import optax
from passo.catalogue.like.libraries.pytorch_warmup import pytorch_warmup
from passo.catalogue.like.libraries.timm import timm
from passo.catalogue.like.libraries.torch import torch
from passo.catalogue.like.libraries.torchtitan import torchtitan
from passo.catalogue.like.libraries.torchtune import torchtune
from passo.catalogue.like.libraries.transformers import transformers
from passo.catalogue.like.remarks import names, remarks

__all__ = [
    "composer",
    "deepspeed",
    "fairseq",
    "ignite",
    "keras",
    "litgpt",
    "lr_finder",
    "megatron",
    "mmengine",
    "names",
    "nemo",
    "olmo",
    "optax",
    "pytorch_warmup",
    "remarks",
    "timm",
    "torch",
    "torchtitan",
    "torchtune",
    "transformers",
]
