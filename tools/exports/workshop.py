"""Data, models, and what the program predicts: what the checks of exports share."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shlex
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

import numpy as np

ROOT = Path(__file__).parents[2]
TRAINED = 3000  # images that the models of the check are trained on
TOLERANCE = 1e-5

# Networks with every layer, activation, input range and output, and the images that they are for.
CASES = {
    "784-128-10": ("gray", "--hidden 128"),
    "784-40-30-10, relu, softmax": (
        "gray", "--hidden 40,30 --activation relu --output-activation softmax "
        "--input-range=-1..1 --loss cross-entropy"),
    "784-10": ("gray", "--network 'dense 10'"),
    "dbl-2024": ("gray", "--network dbl-2024"),
    "every layer": (
        "gray", "--network 'conv 8 5x3 stride 2x1 pad 2x1 relu, avgpool 3x2 stride 2x3, "
        "dropout 0.1, conv 12 2x3 pad 1x0 sigmoid, maxpool 2x3 stride 1x2, conv 8 1x1, flatten, "
        "dropout 0.2, dense 30 sigmoid, dense 16, dense 10' --input-range=-1..1 --preset fast "
        "--loss cross-entropy --output-activation softmax --epochs 3"),
    "tanh and leaky ReLU": (
        "gray", "--network 'conv 6 3x3 stride 2 tanh, conv 6 3x3 leaky-relu, avgpool 2, "
        "dense 20 tanh, dense 16 leaky-relu, dense 10' --preset fast --epochs 2"),
    "three channels": (
        "color", "--network 'conv 5 3x3 pad 1 relu, maxpool 2, dense 20 relu, dense 10'"),
    "rows of numbers, classes": (
        "rows", "--hidden 20 --activation relu --output-activation softmax --loss cross-entropy"),
    "rows of numbers, by their range": (
        "rows", "--hidden 16 --standardize range --activation relu --learning-rate 0.1"),
    "numbers to predict": ("targets", "--hidden 20 --activation relu --epochs 3"),
    "pixels dropped": ("gray", "--network 'dropout 0.1, maxpool 3 stride 2, dense 10'"),
}


class Failure(Exception):
    """What ends a check."""


@dataclass
class Data:
    """The test images [count, channels, rows, columns] of a folder, or rows of numbers."""

    folder: Path
    images: np.ndarray

    @property
    def forms(self) -> list[str]:
        """The forms in which exports take them."""
        return ["float"] if self.images.ndim == 2 else ["float", "bytes"]

    @staticmethod
    def read(folder: Path) -> Data:
        if sorted(folder.glob("t10k-features-idx2-float*")):
            return Data(folder, idx(folder, "t10k-features-idx2-float*"))
        images = idx(folder, "t10k-images-idx*-ubyte*")
        return Data(folder, images if images.ndim == 4 else images[:, None])


def idx(folder: Path, pattern: str) -> np.ndarray:
    found = sorted(folder.glob(pattern))
    if not found:
        raise Failure(f"{folder} has no {pattern}.")
    content = found[0].read_bytes()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    sizes = np.frombuffer(content, ">u4", content[3], 4)
    numbers = np.frombuffer(content, {8: ">u1", 13: ">f4"}[content[2]], -1, 4 + 4 * content[3])
    return numbers.reshape(sizes).astype(numbers.dtype.newbyteorder("="))


def write_idx(path: Path, array: np.ndarray) -> None:
    """Bytes, or floats."""
    kind = 8 if array.dtype == np.uint8 else 13
    head = struct.pack(">BBBB", 0, 0, kind, array.ndim)
    head += struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(head + array.astype(array.dtype.newbyteorder(">")).tobytes())


class Program:
    """The program, and a folder for what it writes."""

    def __init__(self, path: str, scratch: Path) -> None:
        self.path, self.scratch = path, scratch

    def __call__(self, *words: object) -> str:
        done = subprocess.run(
            [self.path, *map(str, words)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failure(f"phidias {' '.join(map(str, words))}: {done.stderr}")
        return done.stdout

    def outputs(self, model: Path, data: Data) -> tuple[np.ndarray, np.ndarray]:
        """Logits and probabilities of all test images."""
        paths = [self.scratch / "logits", self.scratch / "probabilities"]
        subprocess.run(
            [self.path, "bench", "infer", str(model), "--data", str(data.folder)],
            input="".join(f"{path.name} {path}\n" for path in paths), text=True, check=True,
            stdout=subprocess.DEVNULL)
        logits, probabilities = (np.fromfile(p, "<f4") for p in paths)
        rows = len(data.images)
        return logits.reshape(rows, -1), probabilities.reshape(rows, -1)


def data_sets(program: Program) -> dict[str, Data]:
    """Few training images and 10,000 test images, of one channel and of three, and rows of numbers
    with classes and with numbers to predict."""
    source = Path(os.environ.get("PHIDIAS_MNIST", ROOT / "data/mnist"))
    if not source.is_dir():
        source = program.scratch / "synthetic"
        program("data", "synthesize", "--train", TRAINED, "--test", 10_000, "--output", source)
    sets = {}
    for name in ("gray", "color"):
        folder = program.scratch / name
        folder.mkdir()
        for part, most in (("train", TRAINED), ("t10k", None)):
            images = idx(source, f"{part}-images-idx*-ubyte*")[:most]
            if name == "color":
                moved = [np.roll(images, shift, 2) for shift in (0, 3)] + [255 - images]
                images = np.stack(moved, 1)
            write_idx(folder / f"{part}-images-idx{images.ndim}-ubyte", images)
            labels = idx(source, f"{part}-labels-idx1-ubyte*")[:most]
            write_idx(folder / f"{part}-labels-idx1-ubyte", labels)
        sets[name] = Data.read(folder)
    for name in ("rows", "targets"):
        folder = program.scratch / name
        folder.mkdir()
        write_rows(folder, name == "targets")
        sets[name] = Data.read(folder)
    return sets


def write_rows(folder: Path, has_targets: bool) -> None:
    """Seven numbers on scales of their own, and what depends on them."""
    generator = np.random.default_rng(1)
    for part, count in (("train", TRAINED), ("t10k", 10_000)):
        numbers = generator.normal(size=(count, 7))
        rows = numbers * [1, 10, 0.1, 3, 100, 1, 1] + [0, 5, 1, -3, 1000, 0, 2]
        write_idx(folder / f"{part}-features-idx2-float", rows.astype(np.float32))
        hidden = numbers[:, :4] + np.sin(2 * numbers[:, 3:])
        if has_targets:
            targets = hidden[:, :2] * [1, 50] + [3, 400]
            write_idx(folder / f"{part}-targets-idx2-float", targets.astype(np.float32))
        else:
            write_idx(folder / f"{part}-labels-idx1-ubyte", hidden.argmax(1).astype(np.uint8))


def trained(program: Program) -> Iterator[tuple[str, Path, Data]]:
    """The cases, each trained briefly."""
    sets = data_sets(program)
    for number, (name, (kind, options)) in enumerate(CASES.items()):
        folder = program.scratch / f"run-{number}"
        program("train", "--data", sets[kind].folder, "--output", folder, "--batch-size", 20,
                "--epochs", 1, *shlex.split(options))
        yield name, folder / "model.safetensors", sets[kind]


def parts(model: Path) -> tuple[dict[str, Any], bytes]:
    """The header and the data of a model file."""
    content = model.read_bytes()
    end = 8 + struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8:end]), content[end:]


def network(model: Path) -> dict[str, Any]:
    """The network's document in a model file."""
    return json.loads(parts(model)[0]["__metadata__"]["network"])


def tensors(model: Path) -> dict[str, np.ndarray]:
    header, data = parts(model)
    del header["__metadata__"]
    return {name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
            for name, entry in header.items()}


def scaled(model: Path, images: np.ndarray) -> np.ndarray:
    """Bytes in the range that the network takes; rows of numbers are taken as they are."""
    if images.ndim == 2:
        return images
    numbers = images.astype(np.float32) / np.float32(255)
    return 2 * numbers - 1 if network(model)["input_range"] == "-1..1" else numbers


def compare(name: str, what: str, found: np.ndarray, answers: np.ndarray | None,
            expected: tuple[np.ndarray, np.ndarray]) -> bool:
    """Says how far probabilities are from the program's, and how many answers differ."""
    logits, probabilities = expected
    # Numbers that are predicted have scales of their own.
    expected_numbers = probabilities[: len(found)]
    scale = np.maximum(np.abs(probabilities).max(0), 1)
    distance = float((np.abs(found - expected_numbers) / scale).max())
    if answers is None:
        good = distance <= TOLERANCE and found.std() > 1
        print(f"{name}, {what}: {len(found)} rows, numbers within {distance:.1e} of the largest"
              f"{'' if good else '  WRONG'}", flush=True)
        return good
    moved = int((answers != logits[: len(answers)].argmax(1)).sum())
    kinds = len(set(answers.tolist()))
    # Written so that NaN fails; a model that always says the same shows nothing.
    good = distance <= TOLERANCE and moved == 0 and kinds > 2
    print(f"{name}, {what}: {len(found)} images, probabilities within {distance:.1e}, "
          f"{moved} other answers, of {kinds} classes{'' if good else '  WRONG'}", flush=True)
    return good


def main(check: Any, description: str) -> int:
    """Runs a check over a given model, or over all cases."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--phidias", required=True)
    parser.add_argument("model", nargs="?", type=Path)
    parser.add_argument("data", nargs="?", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        program = Program(options.phidias, Path(scratch))
        try:
            if options.model:
                model = options.model
                model = model / "model.safetensors" if model.is_dir() else model
                cases = iter([(str(options.model), model, Data.read(options.data))])
            else:
                cases = trained(program)
            good = [check(program, *case) for case in cases]
        except Failure as failure:
            print(failure)
            return 1
    print(f"{sum(good)} of {len(good)} models agree")
    return 0 if all(good) else 1
