"""Command line: python -m compare OPPONENT OPTIONS…, as tools/compare-* start it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from compare import convolutions, report
from compare.cases import ALL, LOSSES, NETWORKS, Case, is_zen3
from compare.comparison import Comparison
from compare.process import Failure

ROOT = Path(__file__).parents[2]
PROGRAMS = {"pytorch": "PyTorch", "sklearn": "scikit-learn", "numpy": "NumPy", "jax": "JAX"}


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def duration(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 86_400:
        raise ValueError
    return seconds


def numbers(text: str) -> list[int]:
    return [positive(part) for part in text.split(",")]


def parse() -> argparse.Namespace:
    opponent = sys.argv[1]
    cores = len(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(
        prog=f"tools/compare-{opponent}",
        description=f"Training by phidias and by {PROGRAMS[opponent]}, verified, then by turns.",
    )
    add = parser.add_argument
    add("--data", default=str(ROOT / "data/mnist"), help="folder of MNIST (default %(default)s)")
    add("--hidden", type=positive, default=128, help="hidden units (default %(default)s)")
    if opponent == "pytorch":
        add("--network", choices=list(NETWORKS), help="a preset in place of hidden units")
        add("--kernels", action="store_true", help="passes of convolutions instead of training")
    add("--batch-size", type=positive, default=64, help="images a step (default %(default)s)")
    add("--all", action="store_true", help="five networks, from 784-30-10 to 784-1024-10")
    losses = ["cross-entropy"] if opponent == "sklearn" else list(LOSSES)
    add("--loss", choices=losses, default=losses[0], help="(default %(default)s)")
    add("--threads", type=positive, default=cores, help="ours (default %(default)s)")
    rival_threads = sorted({1, cores}) if opponent == "numpy" else [cores]
    add("--rival-threads", type=numbers, default=rival_threads, metavar="N[,N…]")
    add("--seconds", type=duration, default=60, help="for each network's rounds (default %(default)s)")
    if opponent == "sklearn":
        add("--epochs", type=positive, default=10, help="before accuracies are compared")
    add("--seed", type=positive, default=1)
    add("--format", choices=["text", "json"], default="text")
    add("--phidias", default=str(ROOT / ".build/release/phidias"), help=argparse.SUPPRESS)
    options = parser.parse_args(sys.argv[2:])
    options.opponent = opponent
    options.network = getattr(options, "network", None)
    options.kernels = getattr(options, "kernels", False)
    given = {name for name in vars(options) if getattr(options, name) != parser.get_default(name)}
    idle = {"network", "hidden", "batch_size"} if options.all else set()
    if options.kernels:
        idle = {"network", "hidden", "batch_size", "all", "loss"}
    if useless := sorted(given & idle):
        names = ", ".join("--" + name.replace("_", "-") for name in useless)
        parser.error(f"{'--kernels' if options.kernels else '--all'} chooses itself: leave out {names}")
    if options.network and "hidden" in given:
        parser.error("--network and --hidden both describe the network; give one")
    if options.network and options.loss != "cross-entropy":
        parser.error("--network is compared with cross-entropy alone")
    return options


def compare_kernels(options: argparse.Namespace) -> None:
    rows: list[dict[str, Any]] = []
    for name, layer in convolutions.ROWS:
        rows.append(convolutions.compare(options, name, layer))
        if options.format == "text":
            if len(rows) == 1:
                print(report.kernels_head(rows[0]))
            print(report.kernels_row(rows[-1]), flush=True)
    if options.format == "json":
        print(json.dumps({"opponent": "pytorch", "kernels": rows}))
    else:
        print(report.kernels_legend(rows))


def main() -> None:
    options = parse()
    if options.kernels:
        compare_kernels(options)
        return
    cpuinfo = Path("/proc/cpuinfo")
    zen3 = cpuinfo.exists() and is_zen3(cpuinfo.read_text())
    cases = ALL if options.all else [
        Case(options.hidden, options.batch_size, options.network)
    ]
    results: list[dict[str, Any]] = []
    for case in cases:
        result = Comparison(options, case, zen3).run()
        machine = {"cpu": result["phidias"]["cpu"], "zen3": zen3, "threads": options.threads}
        if options.format == "text":
            if not results:
                print(report.machine_text(machine))
            print("\n" + report.case_text(result, zen3), flush=True)
        results.append(result)
    if options.format == "json":
        print(json.dumps({"opponent": options.opponent, "machine": machine, "cases": results}))


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        print(failure, file=sys.stderr)
        sys.exit(failure.code)
    except KeyboardInterrupt:
        sys.exit(130)
