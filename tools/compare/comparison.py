"""One network against one opponent: starts the processes, verifies, then times."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from compare import contest
from compare.cases import LEARNING_RATE, LOSSES, MOMENTUM, NETWORKS, REFERENCE, SLOWER, Case
from compare.process import Failure, TurnProcess, rival_environment
from compare.worker import Record

STEPS = 200
# Relative difference of the losses that is allowed before a step.
AGREEMENT = [(100, 1e-4), (STEPS, 1e-3)]
ACCURACY = 0.005


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class RivalKind:
    """A rival as it is started; `key` names its figures in `REFERENCE`."""

    module: str
    threads: int
    compiled: bool = False

    @property
    def key(self) -> str:
        if self.module != "pytorch":
            return self.module
        return "pytorch compiled" if self.compiled else "pytorch eager"


def rivals(opponent: str, threads: list[int]) -> list[RivalKind]:
    forms = (False, True) if opponent == "pytorch" else (False,)
    return [RivalKind(opponent, count, form) for count in threads for form in forms]


class Comparison:
    def __init__(self, options: argparse.Namespace, case: Case, zen3: bool) -> None:
        self.options, self.case, self.zen3 = options, case, zen3

    def common(self) -> list[str]:
        """What `phidias bench turns`, `phidias record` and the worker are all told."""
        facts = {
            "data": self.options.data,
            "batch-size": self.case.batch,
            "loss": self.options.loss,
            "learning-rate": LEARNING_RATE,
            "momentum": MOMENTUM,
            "seed": self.options.seed,
        }
        return [word for name, value in facts.items() for word in (f"--{name}", str(value))]

    def network(self) -> list[str]:
        """As phidias is told."""
        if self.case.network:
            return ["--network", self.case.network]
        output = LOSSES[self.options.loss]
        return ["--hidden", str(self.case.hidden), "--output-activation", output]

    def phidias(self, command: list[str], network: list[str]) -> list[str]:
        threads = ["--threads", str(self.options.threads)]
        return [self.options.phidias, *command, *self.common(), *network, *threads]

    def start(self, kind: RivalKind) -> TurnProcess:
        command = [sys.executable, "-m", "compare.worker", kind.module, *self.common()]
        if self.case.network:
            command += ["--network", self.case.network]
        else:
            command += ["--hidden", str(self.case.hidden)]
        command += ["--threads", str(kind.threads)] + ["--compile"] * kind.compiled
        return TurnProcess(kind.key, command, rival_environment(kind.threads))

    def run(self) -> dict[str, Any]:
        options, case = self.options, self.case
        say(f"{case.name}: starting")
        with ExitStack() as stack:

            def opened(process: TurnProcess) -> TurnProcess:
                stack.callback(process.close)
                return process

            ours = opened(TurnProcess("phidias", self.phidias(["bench", "turns"], self.network())))
            ours.turn("epoch")
            kinds = rivals(options.opponent, options.rival_threads)
            against = [opened(self.start(kind)) for kind in kinds]
            checks = (
                self.accuracies(ours, against)
                if options.opponent == "sklearn"
                else self.curves(against)
            )
            for rival in against:
                rival.turn("epoch")
            say(f"{case.name}: verified; timing")
            turns = contest.run(
                ours, against, options.seconds, lambda text: say(f"{case.name}: {text}")
            )
        outcome = contest.evaluate(turns, ours.facts["flops_per_epoch"])
        return {
            "network": ours.facts["network"],
            "batch_size": case.batch,
            "loss": options.loss,
            "phidias": {
                **{key: ours.facts[key] for key in ("kernels", "threads", "cpu")},
                **self.without_rivals(outcome),
            },
            "rivals": [
                {
                    **{key: rival.facts[key] for key in ("name", "version", "kernels")},
                    "compile_seconds": rival.facts.get("compile_seconds"),
                    "threads": kind.threads,
                    **check,
                    **asdict(result),
                    "alone_agrees": contest.agree(result.seconds, result.alone, outcome.a_a),
                    **self.reference(kind, result),
                }
                for kind, rival, check, result in zip(kinds, against, checks, outcome.rivals)
            ],
        }

    @staticmethod
    def without_rivals(outcome: contest.Outcome) -> dict[str, Any]:
        facts = asdict(outcome)
        del facts["rivals"]
        facts["alone_agrees"] = contest.agree(outcome.seconds, outcome.alone, outcome.a_a)
        return facts

    def curves(self, against: list[TurnProcess]) -> list[dict[str, Any]]:
        """Trains the same steps on both sides, from the same weights and on the same batches."""
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder, "steps.safetensors"))
            network = NETWORKS.get(self.case.network or "", self.network())
            command = self.phidias(["record"], network) + ["--steps", str(STEPS), "--output", path]
            done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
            if done.returncode != 0:
                raise Failure("phidias record failed; its message is above.", done.returncode)
            losses = Record(path).losses
            return [self.curve(rival, path, losses) for rival in against]

    def curve(self, rival: TurnProcess, path: str, ours: list[float]) -> dict[str, Any]:
        theirs = rival.turn(f"verify {path}")["losses"]
        apart, step = disagreement(ours, theirs)
        if step is not None:
            raise Failure(
                f"{self.case.name}: the losses of phidias and {rival.name} part in step {step}: "
                f"{ours[step - 1]} and {theirs[step - 1]}. Nothing is timed that is not the same."
            )
        return {"loss_difference": apart}

    def accuracies(self, ours: TurnProcess, against: list[TurnProcess]) -> list[dict[str, Any]]:
        """Trains for equally many epochs; ours has already had its first."""
        epochs = self.options.epochs
        for _ in range(epochs - 1):
            ours.turn("epoch")
        expected = ours.turn("evaluate")["test_accuracy"]
        checks = []
        for rival in against:
            for _ in range(epochs):
                rival.turn("epoch")
            got = rival.turn("evaluate")["test_accuracy"]
            if not abs(got - expected) <= ACCURACY:
                raise Failure(
                    f"{self.case.name}: after {epochs} epochs phidias tells {expected:.2%} of the "
                    f"test images right and {rival.name} {got:.2%}: that is not the same work."
                )
            checks.append({"epochs": epochs, "accuracy": got, "phidias_accuracy": expected})
        return checks

    def reference(self, kind: RivalKind, result: contest.Result) -> dict[str, Any]:
        """The figure this rival should reach on a Zen 3, and whether it was too slow there."""
        figure = REFERENCE.get(kind.key, {}).get(self.case)
        fits = self.zen3 and kind.threads == self.options.threads == 2
        if figure is None or not fits or result.seconds is None:
            return {"reference": figure, "void": None}
        return {"reference": figure, "void": result.seconds.median > SLOWER * figure}


def disagreement(ours: list[float], theirs: list[float]) -> tuple[float, int | None]:
    """The largest relative difference, and the first step, from 1, where it is too large."""
    largest = 0.0
    for step, (mine, other) in enumerate(zip(ours, theirs, strict=True), start=1):
        apart = abs(mine - other) / abs(mine)
        allowed = next(bound for end, bound in AGREEMENT if step <= end)
        if not apart <= allowed:
            return apart, step
        largest = max(largest, apart)
    return largest, None
