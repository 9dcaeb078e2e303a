"""What is compared: networks, the golden parameters, and figures to know a slow rival by."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

PIXELS, CLASSES, IMAGES = 784, 10, 60_000

MOMENTUM = sqrt(2) / ((1 + sqrt(5)) / 2)
LEARNING_RATE = (1 - MOMENTUM) ** 2

# The output activation that belongs to each loss. Of the losses that both sides know, softmax
# cross-entropy costs the rivals least.
LOSSES = {"cross-entropy": "softmax", "synaptic": "sigmoid"}


@dataclass(frozen=True)
class Case:
    hidden: int
    batch: int
    network: str | None = None  # a preset in place of hidden units

    @property
    def name(self) -> str:
        return f"{self.network or f'{PIXELS}-{self.hidden}-{CLASSES}'}, batch {self.batch}"


# The presets that rivals know: without dropout, whose masks nobody else can repeat, for the check of
# the losses.
NETWORKS = {
    "dbl-2024": [
        "--network",
        "conv 16 3x3 pad 1 relu, maxpool 2, conv 32 3x3 pad 1 relu, maxpool 2, dense 128 relu, dense 10",
        "--input-range=-1..1",
        "--output-activation=softmax",
    ]
}


ALL = [Case(30, 10), Case(128, 64), Case(512, 64), Case(512, 256), Case(1024, 256)]

# Seconds an epoch took each rival with two threads on two virtual cores of a Zen 3 (AVX2).
# On such a machine a rival that is more than a tenth slower was not at its best.
REFERENCE = {
    "pytorch eager": {
        Case(30, 10): 4.78,
        Case(128, 64): 1.22,
        Case(512, 64): 2.36,
        Case(512, 256): 1.25,
        Case(1024, 256): 2.26,
    },
    "pytorch compiled": {Case(30, 10): 3.63, Case(128, 64): 1.18},
    "sklearn": {Case(128, 64): 0.84, Case(512, 256): 1.61},
}
SLOWER = 1.10


def is_zen3(cpuinfo: str) -> bool:
    """Whether /proc/cpuinfo is that of a Zen 3: AMD's family 25 without AVX-512."""
    lines = (line.partition(":") for line in cpuinfo.splitlines())
    facts = {key.strip(): value.strip() for key, _, value in lines}
    return (
        facts.get("vendor_id") == "AuthenticAMD"
        and facts.get("cpu family") == "25"
        and "avx512f" not in facts.get("flags", "").split()
    )
