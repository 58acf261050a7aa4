"""Whether a recipe's precision is slower on a machine than the full one."""

from __future__ import annotations

import torch

WITHOUT_BFLOAT16 = ("AVX2", "NO AVX")
"""What torch calls x86 processors that compute bfloat16 in many steps each."""

SLOW_BFLOAT16 = "this CPU has no bfloat16 instructions; precision 32-true is several times faster"


def slower_than_full(precision: str, accelerator: str) -> bool:
    """Whether `32-true` is faster, and not slower as on processors made for bfloat16.

    Measured with torch 2.13 on one core of a processor with AVX2: a 3 x 3 convolution of 64
    channels, forward and backward, ran at 55 GFLOP/s in float32 and at 11 in bfloat16.

    Args:
        precision: of a recipe.
        accelerator: "auto", "cpu", "cuda", "mps", as the training loop calls it.
    """
    on_cpu = accelerator == "cpu" or (accelerator == "auto" and not torch.cuda.is_available())
    known = torch.backends.cpu.get_cpu_capability()
    return on_cpu and precision == "bf16-mixed" and known in WITHOUT_BFLOAT16
