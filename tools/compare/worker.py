"""A rival in a process of its own: python -m compare.worker RIVAL OPTIONS…

Answers `epoch`, `evaluate` and `verify FILE`, a line of JSON for each line of standard input.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import os
import struct
import sys
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np


class Rival(Protocol):
    facts: dict[str, Any]  # name, version, kernels, …

    def epoch(self) -> None:
        """Trains one epoch, in an order of its own."""

    def accuracy(self) -> float:
        """Share of the test images that are told right."""

    def repeat(self, record: Record) -> list[float]:
        """Trains the record's steps from its start; the loss of each."""


class Data:
    """MNIST, normalised once: images [count, 784] as float32, labels as int64."""

    def __init__(self, folder: str) -> None:
        self.images, self.labels = self._pair(folder, "train")
        self.test_images, self.test_labels = self._pair(folder, "t10k")

    @staticmethod
    def _bytes(folder: str, name: str, header: int) -> np.ndarray:
        for opener, path in ((open, Path(folder, name)), (gzip.open, Path(folder, name + ".gz"))):
            if path.exists():
                with opener(path, "rb") as file:
                    return np.frombuffer(file.read(), np.uint8, offset=header)
        sys.exit(f"{folder}/{name}: no such file, nor with .gz; tools/fetch-mnist gets it")

    def _pair(self, folder: str, prefix: str) -> tuple[np.ndarray, np.ndarray]:
        labels = self._bytes(folder, prefix + "-labels-idx1-ubyte", 8).astype(np.int64)
        images = self._bytes(folder, prefix + "-images-idx3-ubyte", 16)
        return images.reshape(len(labels), -1) * np.float32(1 / 255), labels


def initial_layers(random: np.random.Generator, hidden: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights [outputs, inputs] after Glorot, and biases, where a rival is not given any."""
    sizes = [784, hidden, 10]
    return [
        (
            (random.random((n, m), np.float32) - 0.5) * np.float32((24 / (m + n)) ** 0.5),
            np.zeros(n, np.float32),
        )
        for m, n in zip(sizes, sizes[1:])
    ]


class Tensors:
    """Arrays by name, of a safetensors file of 32-bit floats."""

    def __init__(self, path: str) -> None:
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length))
            body = np.frombuffer(file.read(), np.uint8)
        header.pop("__metadata__", None)
        self._tensors = {
            name: body[slice(*entry["data_offsets"])].view("<f4").reshape(entry["shape"])
            for name, entry in header.items()
        }

    def __getitem__(self, name: str) -> np.ndarray:
        return self._tensors[name]


class Record(Tensors):
    """What `phidias record` wrote: where training starts, and the batches of its first steps."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.batches = self["indices"].astype(np.int64)
        self.losses: list[float] = self["losses"].tolist()

    def layers(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Those that have weights, in their order."""
        names = [name for name in self._tensors if name.startswith("layers.")]
        return [self.layer(index) for index in sorted({int(name.split(".")[1]) for name in names})]

    def layer(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Weights [outputs, inputs] or [outputs, inputs, rows, columns], and bias."""
        return self[f"layers.{index}.weight"], self[f"layers.{index}.bias"]


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("rival")
    parser.add_argument("--data", required=True)
    parser.add_argument("--hidden", type=int)
    parser.add_argument("--network")
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--loss", required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--momentum", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--compile", action="store_true")
    return parser.parse_args(arguments)


def answer(rival: Rival, word: str) -> dict[str, Any]:
    turn, _, path = word.partition(" ")
    if turn == "epoch":
        start = time.perf_counter()
        rival.epoch()
        return {"turn": turn, "seconds": time.perf_counter() - start}
    if turn == "evaluate":
        return {"turn": turn, "test_accuracy": rival.accuracy()}
    if turn == "verify":
        return {"turn": turn, "losses": rival.repeat(Record(path))}
    raise ValueError(f"there is no turn '{turn}'")


def main() -> None:
    # Answers alone go to standard output, whatever a library prints.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    chosen = options(sys.argv[1:])
    module = importlib.import_module(f"compare.rival_{chosen.rival}")
    rival: Rival = module.rival(chosen, Data(chosen.data))
    print(json.dumps({"ready": True, **rival.facts}), file=answers)
    for line in sys.stdin:
        print(json.dumps(answer(rival, line.strip())), file=answers)


if __name__ == "__main__":
    main()
