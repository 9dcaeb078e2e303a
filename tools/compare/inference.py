"""Predictions by phidias and by ONNX Runtime: the same models, verified, then timed by turns."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable

import numpy as np
import onnxruntime

from compare.contest import PAUSE, SHORTEST_TURN, Spread
from compare.process import Failure, TurnProcess, rival_environment
from exports.workshop import Data, Program, scaled
from exports.workshop import Failure as ProgramFailure

# Models, with what they are trained with; each for one epoch.
MODELS = {
    "784-128-10": "--hidden 128",
    "784-1024-1024-10": "--hidden 1024,1024 --activation relu --learning-rate 0.05",
    "dbl-2024": "--network dbl-2024",
}
LEAST_ROUNDS = 5
TOLERANCE = 1e-5
FORMS = ("float", "bytes")


class Rival:
    """ONNX Runtime with one model and one form of input. Inputs lie ready, and outputs are bound: a
    call of `run` from Python would cost a small model more than the prediction."""

    def __init__(self, path: Path, images: np.ndarray, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self.images = images
        self.session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"])

    def probabilities(self) -> np.ndarray:
        return self.session.run(["probabilities"], {"images": self.images})[0]

    def bound(self, images: np.ndarray) -> Any:
        binding = self.session.io_binding()
        binding.bind_ortvalue_input("images", onnxruntime.OrtValue.ortvalue_from_numpy(images))
        binding.bind_output("probabilities")
        return binding

    def one(self) -> float:
        """Seconds for one image."""
        bindings = [self.bound(self.images[i : i + 1]) for i in range(256)]
        return timed(lambda i: self.session.run_with_iobinding(bindings[i % 256]))

    def batches(self, size: int) -> float:
        """Seconds for all images, so many at a time."""
        bindings = [self.bound(self.images[i : i + size])
                    for i in range(0, len(self.images), size)]

        def run(_: int) -> None:
            for binding in bindings:
                self.session.run_with_iobinding(binding)

        return timed(run)


def timed(call: Callable[[int], None]) -> float:
    """The mean time of calls that fill a turn, after one that warms up."""
    call(0)
    start, calls = time.perf_counter(), 0
    while (spent := time.perf_counter() - start) < SHORTEST_TURN:
        call(calls)
        calls += 1
    return spent / calls


def measure(ours: TurnProcess, rivals: dict[str, Rival], word: str, size: int | None,
            seconds: float) -> dict[str, Any]:
    """Rounds of ours, a rival, ours, the next, ours. A rival's time is compared with the mean of the
    two of ours around it."""
    question = word if size is None else f"{word} {size}"
    own: list[float] = []
    times: dict[str, list[float]] = {form: [] for form in rivals}
    ratios: dict[str, list[float]] = {form: [] for form in rivals}
    again: list[float] = []
    start = time.monotonic()
    while time.monotonic() - start < seconds or len(again) < LEAST_ROUNDS * len(rivals):
        before = ours.turn(question)["seconds"]
        own.append(before)
        for form, rival in rivals.items():
            found = rival.one() if size is None else rival.batches(size)
            time.sleep(PAUSE)
            after = ours.turn(question)["seconds"]
            times[form].append(found)
            ratios[form].append(2 * found / (before + after))
            again.append(after / before)
            own.append(after)
            before = after
    return {
        "phidias": Spread.of(own), "a_a": Spread.of(again),
        "onnxruntime": {form: Spread.of(values) for form, values in times.items()},
        "ratio": {form: Spread.of(values) for form, values in ratios.items()},
    }


def verify(name: str, ours: TurnProcess, rivals: dict[str, Rival], scratch: Path) -> float:
    """The largest difference of probabilities over all test images."""
    path = scratch / "probabilities"
    ours.turn(f"probabilities {path}")
    distance = 0.0
    for rival in rivals.values():
        found = rival.probabilities()
        expected = np.fromfile(path, "<f4").reshape(found.shape)
        distance = max(distance, float(np.abs(found - expected).max()))
        # Written so that NaN fails.
        if not distance <= TOLERANCE or (found.argmax(1) != expected.argmax(1)).any():
            raise Failure(f"{name}: the predictions differ, by up to {distance:.1e}.")
    return distance


def compare(options: argparse.Namespace, name: str, scratch: Path) -> dict[str, Any]:
    program, run = Program(options.phidias, scratch), scratch / name
    program("train", "--data", options.data, "--epochs", 1, "--output", run,
            *shlex.split(MODELS[name]))
    images = Data.read(Path(options.data)).images
    rivals = {}
    for form, values in zip(FORMS, (scaled(run / "model.safetensors", images), images)):
        path = scratch / f"{form}.onnx"
        program("export", run, "--to", "onnx", "--input", form, "--force", "--output", path)
        rivals[form] = Rival(path, values, options.threads)
    ours = TurnProcess(
        "phidias", [options.phidias, "bench", "infer", str(run), "--data", options.data,
                    "--threads", str(options.threads)], rival_environment(options.threads))
    try:
        distance = verify(name, ours, rivals, scratch)
        return {
            "network": name, "machine": ours.facts, "distance": distance,
            "one": measure(ours, rivals, "one", None, options.seconds),
            "batch": measure(ours, rivals, "batch", options.batch, options.seconds),
            "images": len(images),
        }
    finally:
        ours.close()


def text(result: dict[str, Any]) -> list[str]:
    """Rows of a table: a time, and how many times as long ONNX Runtime takes."""
    rows = []
    for what, unit in (("one", 1e6), ("batch", None)):
        found = result[what]

        def value(seconds: float) -> str:
            if unit:
                return f"{seconds * unit:.1f} µs"
            return f"{result['images'] / seconds:,.0f}/s"

        cells = [value(found["phidias"].median)]
        for form in FORMS:
            ratio = found["ratio"][form]
            cells.append(f"{value(found['onnxruntime'][form].median)}, {ratio.median:.2f} "
                         f"({ratio.low:.2f} – {ratio.high:.2f})")
        a_a = found["a_a"]
        cells.append(f"{a_a.low:.2f} – {a_a.high:.2f}")
        rows.append(f"| {result['network']} | {what} | " + " | ".join(cells) + " |")
    return rows


def main() -> None:
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(prog="tools/compare-onnx", description=__doc__)
    add = parser.add_argument
    add("--data", default=str(Path(__file__).parents[2] / "data/mnist"),
        help="folder of MNIST (default %(default)s)")
    add("--threads", type=int, default=cores, help="of both (default %(default)s)")
    add("--batch", type=int, default=256, help="images at a time (default %(default)s)")
    add("--seconds", type=float, default=30, help="for each row (default %(default)s)")
    add("--network", choices=list(MODELS), action="append", help="only this one; again for more")
    add("--format", choices=["text", "json"], default="text")
    add("--phidias", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.network or MODELS:
            result = compare(options, name, Path(scratch))
            results.append(result)
            if options.format == "json":
                continue
            if len(results) == 1:
                facts = result["machine"]
                print(f"{facts['cpu']}, {facts['threads']} threads, {facts['kernels']} kernels, "
                      f"ONNX Runtime {onnxruntime.__version__}; batches of {options.batch}. Times of "
                      "ONNX Runtime with how many times as long as phidias it takes (quartiles).\n")
                print("| network | images | phidias | ONNX Runtime, floats | ONNX Runtime, bytes | "
                      "phidias beside itself |\n|---|---|---|---|---|---|")
            print("\n".join(text(result)), flush=True)
    if options.format == "json":
        print(json.dumps(results, default=vars))


if __name__ == "__main__":
    try:
        main()
    except (Failure, ProgramFailure) as failure:
        print(failure, file=sys.stderr)
        sys.exit(getattr(failure, "code", 70))
