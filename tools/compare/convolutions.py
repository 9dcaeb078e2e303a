"""Each pass of each convolution of dbl-2024 against PyTorch's, which are oneDNN's: verified, then by
turns. An epoch is as many runs as phidias says, about a fifth of a second of work."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from compare import contest
from compare.comparison import Comparison, say
from compare.process import Failure, TurnProcess, rival_environment

# Of the first convolution's input, images, nobody asks for the gradient.
ROWS = [
    ("forward", 1),
    ("forward", 2),
    ("backward-data", 2),
    ("backward-weights", 1),
    ("backward-weights", 2),
]
FORMATS = ["channels-last", "contiguous"]


def start(options: argparse.Namespace, ours: TurnProcess, record: str, form: str) -> TurnProcess:
    facts = {"pass": ours.facts["pass"], "padding": ours.facts["padding"], "record": record}
    facts |= {"format": form, "runs": ours.facts["runs"], "threads": options.rival_threads[0]}
    words = [word for name, value in facts.items() for word in (f"--{name}", str(value))]
    return TurnProcess(
        f"PyTorch {form}",
        [sys.executable, "-m", "compare.convolution_worker", *words],
        rival_environment(options.rival_threads[0]),
    )


def check(name: str, error: float) -> None:
    """error: the largest difference of the results, in units of its bound."""
    if not error <= 1:
        raise Failure(
            f"{name}: phidias and PyTorch differ by {error} times what rounding can do. "
            "Nothing is timed that is not the same."
        )


def compare(options: argparse.Namespace, name: str, layer: int) -> dict[str, Any]:
    command = [options.phidias, "bench", "convolution", "--pass", name, "--layer", str(layer)]
    with ExitStack() as stack:

        def opened(process: TurnProcess) -> TurnProcess:
            stack.callback(process.close)
            return process

        ours = opened(TurnProcess("phidias", command + ["--threads", str(options.threads)]))
        title = f"{name} {ours.facts['shape']}"
        record = str(Path(stack.enter_context(tempfile.TemporaryDirectory()), "convolution"))
        ours.turn(f"save {record}")
        rivals = [opened(start(options, ours, record, form)) for form in FORMATS]
        for rival in rivals:
            check(title, rival.facts["error"])
        for contender in [ours, *rivals]:
            contender.turn("epoch")
        say(f"{title}: verified; timing")
        turns = contest.run(ours, rivals, options.seconds, lambda text: say(f"{title}: {text}"))
    outcome = contest.evaluate(turns, ours.facts["flops_per_epoch"])
    return {
        "pass": name,
        "shape": ours.facts["shape"],
        "runs": ours.facts["runs"],
        "flops_per_epoch": ours.facts["flops_per_epoch"],
        "phidias": {
            **{key: ours.facts[key] for key in ("kernels", "threads", "cpu")},
            **Comparison.without_rivals(outcome),
        },
        "rivals": [
            {
                **{key: rival.facts[key] for key in ("name", "version", "kernels", "error")},
                "threads": options.rival_threads[0],
                **asdict(result),
                "alone_agrees": contest.agree(result.seconds, result.alone, outcome.a_a),
            }
            for rival, result in zip(rivals, outcome.rivals)
        ],
    }
