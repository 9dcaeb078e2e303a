"""The files of `phidias train --tensorboard`, read by TensorBoard's own reader."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import tensorboard
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from exports.workshop import Failure, Program, tensors

BATCH, EPOCHS, EVERY, IMAGES = 20, 6, 200, 2000
STEPS = IMAGES // BATCH


def wrong(condition: Any, what: str) -> None:
    if not condition:
        raise Failure(what)


def read(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder), size_guidance={
        "scalars": 0, "images": 0, "histograms": 0})
    events.Reload()
    return events


def scalars(events: EventAccumulator) -> dict[str, list[tuple[int, float]]]:
    return {tag: [(e.step, e.value) for e in events.Scalars(tag)]
            for tag in events.Tags()["scalars"]}


def check_scalars(run: Path, found: dict[str, list[tuple[int, float]]]) -> None:
    """Numbers are those of metrics.jsonl, at the steps where epochs end."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for kind in ("loss", "accuracy"):
        for part in ("training", "test"):
            expected = [(line["epoch"] * STEPS, np.float32(line[f"{part}_{kind}"]))
                        for line in lines]
            wrong(found[f"{kind}/{part}"] == expected, f"{kind}/{part}: {found}")
    steps = list(range(EVERY // 10, EPOCHS * STEPS + 1, EVERY // 10))
    for tag in ("loss/batch", "optimizer/learning_rate", "optimizer/momentum"):
        wrong([step for step, _ in found[tag]] == steps, f"{tag}: {found[tag]}")
    last = lines[-1]
    for name in ("learning_rate", "momentum"):
        wrong(found[f"optimizer/{name}"][-1][1] == np.float32(last[name]), name)


def tag(name: str) -> str:
    """The tag of a tensor."""
    return "/".join(name.rsplit(".", 1))


def check_weights(run: Path, events: EventAccumulator) -> None:
    """Histograms tell of the parameters, and pictures are PNG files of their size."""
    steps = list(range(0, EPOCHS * STEPS + 1, EVERY))
    model = tensors(run / "model.safetensors")
    wrong(set(events.Tags()["histograms"]) == {tag(name) for name in model},
          f"histograms: {events.Tags()}")
    for name, values in model.items():
        histograms = events.Histograms(tag(name))
        wrong([h.step for h in histograms] == steps, f"{name}: steps")
        last, values = histograms[-1].histogram_value, values.astype(np.float64)
        wrong((last.min, last.max, last.num) == (values.min(), values.max(), values.size), name)
        wrong(np.isclose(last.sum, values.sum(), rtol=1e-9, atol=1e-9), f"{name}: sum")
        wrong(np.isclose(last.sum_squares, (values**2).sum()), f"{name}: sum of squares")
        wrong(sum(last.bucket) == values.size, f"{name}: counts")
        edges = [values.min(), *last.bucket_limit]
        counts = np.histogram(values, edges)[0]
        wrong(list(counts) == list(last.bucket), f"{name}: bins")
    pictures = events.Images("filters/layers.0")
    wrong([p.step for p in pictures] == steps, "pictures: steps")
    for picture in pictures:
        data = picture.encoded_image_string
        wrong(data[:8] == b"\x89PNG\r\n\x1a\n", "a picture is no PNG")
        wrong(struct.unpack(">II", data[16:24]) == (picture.width, picture.height), "its size")
    wrong(len({p.encoded_image_string for p in pictures}) == len(steps), "pictures are the same")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--phidias", required=True)
    options = parser.parse_args()
    # It tells of every start that takes away points: here that is wanted.
    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    print(f"TensorBoard {tensorboard.__version__}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        program = Program(options.phidias, folder)
        program("data", "synthesize", "--train", IMAGES, "--test", 200, "--output", folder / "data")
        words = ["--data", folder / "data", "--hidden", 24, "--batch-size", BATCH,
                 "--epochs", EPOCHS]
        board = ["--tensorboard-every", EVERY, "--tensorboard"]
        try:
            program("train", *words, "--output", folder / "plain")
            program("train", *words, "--output", folder / "run", *board, folder / "board")
            plain, run = (folder / name / "model.safetensors" for name in ("plain", "run"))
            wrong(plain.read_bytes() == run.read_bytes(), "the files change the weights")
            whole = read(folder / "board")
            check_scalars(folder / "run", scalars(whole))
            check_weights(folder / "run", whole)
            print("a run: numbers, pictures and histograms are its own; weights do not change")

            killed, signals = folder / "killed", 0
            words += ["--output", killed]
            for lines in (1, 3):
                process = subprocess.Popen(
                    [options.phidias, "train", *map(str, words), *map(str, board),
                     str(folder / "again")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                metrics = killed / "metrics.jsonl"
                while process.poll() is None and (
                        not metrics.exists() or metrics.read_text().count("\n") < lines):
                    time.sleep(0.0005)
                process.send_signal(signal.SIGKILL)
                signals += process.wait() == -signal.SIGKILL
                words = ["--resume", killed]
            program("train", *words, *board, folder / "again")
            files = len(list((folder / "again").iterdir()))
            wrong(files == 3, f"{files} files of events")
            wrong(without_epochs(scalars(read(folder / "again"))) == without_epochs(scalars(whole)),
                  "a run that was killed shows other numbers")
            print(f"a run that was killed {signals} times and resumed shows the same points")

            program("train", "--data", folder / "data", "--hidden", 8, "--batch-size", BATCH,
                    "--epochs", 1, "--output", folder / "run", "--force", *board, folder / "board")
            again = scalars(read(folder / "board"))
            wrong(again["loss/training"][0][0] == STEPS and len(again["loss/training"]) == 1,
                  f"the run before is still shown: {again}")
            print("a new run in the same folder takes the place of the one before")
        except Failure as failure:
            print(f"WRONG: {failure}")
            return 1
    return 0


def without_epochs(found: dict[str, list[tuple[int, float]]]) -> dict[str, Any]:
    """Without the points of epochs: one is missing where a kill came between checkpoint and point."""
    return {tag: points for tag, points in found.items() if tag.split("/")[1] not in
            ("training", "test")}


if __name__ == "__main__":
    sys.exit(main())
