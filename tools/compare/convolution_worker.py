"""PyTorch's part in `compare-pytorch --kernels`: a process that runs one pass of a convolution.

Answers `epoch` with a line of JSON for each line of standard input. Started, it compares its result
with that of phidias, so that nothing is timed that is not the same.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any, Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from compare.worker import Tensors

FORMATS = {"channels-last": torch.channels_last, "contiguous": torch.contiguous_format}
# Of float: half the distance from 1 to the next.
UNIT_ROUNDOFF = 2.0**-24


def gamma(n: int) -> float:
    """Relative error of a chain of n roundings at most (Higham)."""
    return n * UNIT_ROUNDOFF / (1 - n * UNIT_ROUNDOFF)


class Convolution:
    """One pass over x, weight, bias and delta. Of `forward` the ReLU, which here is another pass
    over the outputs, is left out of what is timed: the rival does less."""

    def __init__(self, name: str, padding: int) -> None:
        self.name, self.padding = name, padding

    def backward(self, tensors: list[Tensor], mask: list[bool]) -> list[Tensor]:
        x, weight, bias, delta = tensors
        shape = [1, 1], [self.padding] * 2, [1, 1], False, [0, 0], 1  # stride, …, groups
        found = torch.ops.aten.convolution_backward(
            delta, x, weight, list(bias.shape), *shape, mask
        )
        return [tensor for tensor, wanted in zip(found, mask) if wanted]

    def run(self, tensors: list[Tensor]) -> list[Tensor]:
        x, weight, bias, _ = tensors
        if self.name == "forward":
            return [F.conv2d(x, weight, bias, padding=self.padding)]
        data = self.name == "backward-data"
        return self.backward(tensors, [data, not data, not data])

    def terms(self, tensors: list[Tensor]) -> int:
        """Products in the longest sum."""
        _, weight, _, delta = tensors
        if self.name == "forward":
            return weight[0].numel()
        of = weight[:, 0] if self.name == "backward-data" else delta[:, 0]
        return of.numel()

    def error(self, tensors: list[Tensor], ours: Tensor) -> float:
        """The largest difference between both results, in units of its bound: each may be
        γ_{n+3} times the sum of the terms' magnitudes away from the exact one."""
        theirs = torch.cat([part.flatten() for part in self.run(tensors)]).double()
        if self.name == "forward":
            theirs = theirs.relu()
        sums = self.run([tensor.double().abs() for tensor in tensors])
        magnitudes = torch.cat([part.flatten() for part in sums])
        bound = 2 * gamma(self.terms(tensors) + 3) * magnitudes
        return ((theirs - ours.double()).abs() / bound).nan_to_num(nan=torch.inf).max().item()


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", required=True)
    parser.add_argument("--pass", dest="name", required=True)
    parser.add_argument("--padding", type=int, required=True)
    parser.add_argument("--format", choices=list(FORMATS), required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    return parser.parse_args(arguments)


def epoch(run: Callable[[], Any], runs: int) -> float:
    start = time.perf_counter()
    for _ in range(runs):
        run()
    return time.perf_counter() - start


@torch.no_grad()
def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    chosen = options(sys.argv[1:])
    torch.set_num_threads(chosen.threads)
    record = Tensors(chosen.record)
    convolution = Convolution(chosen.name, chosen.padding)
    plain = [torch.tensor(record[name]) for name in ("x", "weight", "bias", "delta")]
    tensors = [
        tensor.contiguous(memory_format=FORMATS[chosen.format]) if tensor.dim() == 4 else tensor
        for tensor in plain
    ]
    facts = {
        "name": f"PyTorch {chosen.format}",
        "version": torch.__version__,
        "kernels": torch.backends.cpu.get_cpu_capability()
        + (", oneDNN" if torch.backends.mkldnn.is_available() else ""),
        "error": convolution.error(tensors, torch.tensor(record["result"])),
    }
    print(json.dumps({"ready": True, **facts}), file=answers)
    for line in sys.stdin:
        if line.strip() != "epoch":
            raise ValueError(f"there is no turn '{line.strip()}'")
        seconds = epoch(lambda: convolution.run(tensors), chosen.runs)
        print(json.dumps({"turn": "epoch", "seconds": seconds}), file=answers)


if __name__ == "__main__":
    main()
