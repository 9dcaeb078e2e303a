"""The header of C, compiled by gcc without a warning, and the program of Python, against phidias."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from exports.workshop import Data, Program, compare, main, network, scaled

IMAGES = 1000  # that the program in C predicts
FLAGS = "-std=c99 -pedantic -O2 -Wall -Wextra -Wconversion -Werror".split()
# Standard input begins with a byte that says the form of what follows.
HEAD = """
#include <stdio.h>
#include "net.h"

static float work[NET_WORK];
static float input[NET_INPUTS];

int main(void) {
    int form = getchar();
    int answer = 0;
"""
IMAGES_MAIN = """
    static uint8_t image[NET_INPUTS];
    float values[NET_CLASSES];
    for (;;) {
        if (form == 'b') {
            if (fread(image, sizeof image, 1, stdin) != 1) return 0;
            answer = net_predict_bytes(image, values, work);
        } else {
            if (fread(input, sizeof input, 1, stdin) != 1) return 0;
            answer = net_predict(input, values, work);
        }
"""
CLASSES_MAIN = """
    float values[NET_CLASSES];
    while (form == 'f' && fread(input, sizeof input, 1, stdin) == 1) {
        answer = net_predict(input, values, work);
"""
NUMBERS_MAIN = """
    float values[NET_OUTPUTS];
    while (form == 'f' && fread(input, sizeof input, 1, stdin) == 1) {
        net_predict(input, values, work);
"""
TAIL = """
        fwrite(&answer, sizeof answer, 1, stdout);
        fwrite(values, sizeof values, 1, stdout);
    }
}
"""


def check(program: Program, name: str, model: Path, data: Data) -> bool:
    expected = program.outputs(model, data)
    images = data.images[:IMAGES]
    good = True
    tool = compiled(program, model)
    is_regression = network(model)["output_activation"] == "identity"
    for form in data.forms:
        values = images if form == "bytes" else scaled(model, images)
        content = form[0].encode() + values.tobytes()
        output = subprocess.run([tool], input=content, capture_output=True, check=True).stdout
        classes = expected[0].shape[1]
        rows = np.frombuffer(output, [("answer", "i4"), ("values", "f4", classes)])
        good &= len(rows) == len(images)
        answers = None if is_regression else rows["answer"]
        good &= compare(name, f"C, {form}", rows["values"], answers, expected)
    return good & check_numpy(program, name, model, data, expected)


def compiled(program: Program, model: Path) -> Path:
    """The driver's program, with the header's functions."""
    header, driver = program.scratch / "net.h", program.scratch / "driver.c"
    program("export", model, "--to", "c", "--name", "net", "--output", header, "--force")
    facts = network(model)
    main = (NUMBERS_MAIN if facts["output_activation"] == "identity"
            else CLASSES_MAIN if facts["input_range"] == "numbers" else IMAGES_MAIN)
    driver.write_text(HEAD + main + TAIL)
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
                   None if network(model)["output_activation"] == "identity"
                   else logits.argmax(1), expected)


if __name__ == "__main__":
    sys.exit(main(check, __doc__))
