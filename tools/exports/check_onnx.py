"""ONNX files against onnx's checker and ONNX Runtime."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from exports.workshop import Data, Program, compare, main, scaled


def check(program: Program, name: str, model: Path, data: Data) -> bool:
    expected = program.outputs(model, data)
    good = True
    for form in data.forms:
        path = program.scratch / f"{form}.onnx"
        program("export", model, "--to", "onnx", "--input", form, "--output", path, "--force")
        onnx.checker.check_model(str(path), full_check=True)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        images = data.images if form == "bytes" else scaled(model, data.images)
        source = session.get_inputs()[0].name
        # Batches of several sizes: their number is free.
        outputs = [session.run(None, {source: images[i : i + n]}) for i, n in parts(len(images))]
        *logits, found = map(np.concatenate, zip(*outputs))
        good &= compare(name, form, found, logits[0].argmax(1) if logits else None, expected)
    return good


def parts(count: int) -> list[tuple[int, int]]:
    """One image, and then a thousand at a time."""
    return [(0, 1)] + [(i, 1000) for i in range(1, count, 1000)]


if __name__ == "__main__":
    print(f"onnx {onnx.__version__}, ONNX Runtime {onnxruntime.__version__}")
    sys.exit(main(check, __doc__))
