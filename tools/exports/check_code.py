"""The header of C, compiled by gcc without a warning, and the program of Python, against phidias."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from exports.workshop import Data, Program, compare, main, scaled

IMAGES = 1000  # that the program in C predicts
FLAGS = "-std=c99 -pedantic -O2 -Wall -Wextra -Wconversion -Werror".split()
# The first line of standard input is one byte: the form of what follows.
DRIVER = """
#include <stdio.h>
#include "{name}.h"

static float work[{prefix}_WORK];
static float input[{prefix}_INPUTS];
static uint8_t image[{prefix}_INPUTS];

int main(void) {{
    float probabilities[{prefix}_CLASSES];
    int form = getchar();
    for (;;) {{
        int answer;
        if (form == 'b') {{
            if (fread(image, sizeof image, 1, stdin) != 1) return 0;
            answer = {name}_predict_bytes(image, probabilities, work);
        }} else {{
            if (fread(input, sizeof input, 1, stdin) != 1) return 0;
            answer = {name}_predict(input, probabilities, work);
        }}
        fwrite(&answer, sizeof answer, 1, stdout);
        fwrite(probabilities, sizeof probabilities, 1, stdout);
    }}
}}
"""


def check(program: Program, name: str, model: Path, data: Data) -> bool:
    expected = program.outputs(model, data)
    images = data.images[:IMAGES]
    good = True
    tool = compiled(program, model)
    for form, values in (("bytes", images), ("float", scaled(model, images))):
        content = form[0].encode() + values.tobytes()
        output = subprocess.run([tool], input=content, capture_output=True, check=True).stdout
        classes = expected[0].shape[1]
        rows = np.frombuffer(output, [("answer", "i4"), ("values", "f4", classes)])
        good &= len(rows) == len(images)
        good &= compare(name, f"C, {form}", rows["values"], rows["answer"], expected)
    return good & check_numpy(program, name, model, data, expected)


def compiled(program: Program, model: Path) -> Path:
    """The driver's program, with the header's functions."""
    header, driver = program.scratch / "net.h", program.scratch / "driver.c"
    program("export", model, "--to", "c", "--name", "net", "--output", header, "--force")
    driver.write_text(DRIVER.format(name="net", prefix="NET"))
    tool = program.scratch / "driver"
    compiler = os.environ.get("CC", "gcc")
    subprocess.run([compiler, *FLAGS, str(driver), "-o", str(tool)], check=True)
    return tool


def check_numpy(program: Program, name: str, model: Path, data: Data,
                expected: tuple[np.ndarray, np.ndarray]) -> bool:
    path = model.parent / "exported.py"
    program("export", model, "--to", "numpy", "--output", path, "--force")
    scope: dict = {"__file__": str(path), "__name__": "exported"}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    outputs = [
        (scope["logits"](data.images[i : i + 1000]), scope["predict"](data.images[i : i + 1000]))
        for i in range(0, len(data.images), 1000)
    ]
    logits, probabilities = map(np.concatenate, zip(*outputs))
    return compare(name, f"NumPy, {len(path.read_text().splitlines())} lines", probabilities,
                   logits.argmax(1), expected)


if __name__ == "__main__":
    sys.exit(main(check, __doc__))
