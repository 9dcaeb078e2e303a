"""PYTHONPATH=tools .venv-compare/bin/python -m unittest compare.tests"""

from __future__ import annotations

import argparse
import importlib
import math
import sys
import unittest
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np

from compare import contest, convolutions, report
from compare.cases import LEARNING_RATE, MOMENTUM, is_zen3
from compare.comparison import disagreement
from compare.contest import OurTurn, Spread, Turns
from compare.process import Failure, TurnProcess, rival_environment

FLOPS = 100e9


def ours(seconds: float, peak: float = 200, placed: bool = True) -> OurTurn:
    return OurTurn(seconds, (peak, peak), placed)


class Evaluation(unittest.TestCase):
    def outcome(self, *rounds: tuple[list[OurTurn], list[float]], skipped: int = 0):
        turns = Turns([o for o, _ in rounds], [r for _, r in rounds], [1.0, 3.0], skipped)
        return contest.evaluate(turns, FLOPS)

    def test_a_rival_is_compared_with_the_turns_around_it(self) -> None:
        found = self.outcome(([ours(1.0), ours(2.0)], [6.0]))
        self.assertEqual(found.rivals[0].ratio, Spread(4, 4, 4))
        self.assertEqual(found.a_a, Spread(2, 2, 2))
        self.assertEqual(found.peak_share, Spread(0.3125, 0.375, 0.4375))

    def test_misplaced_and_glitched_pairs_do_not_count(self) -> None:
        good = [ours(1.0), ours(1.0)], [3.0]
        found = self.outcome(
            good,
            good,
            ([ours(1.0), ours(2.0, placed=False)], [9.0]),
            ([ours(1.0), ours(0.1)], [9.0]),  # 1,000 GFLOP/s of a peak of 200
            ([ours(1.0, peak=300), ours(1.0)], [9.0]),
            ([ours(0.1, placed=False), ours(1.0)], [9.0]),  # both, and counted once
            skipped=2,
        )
        self.assertEqual(found.rivals[0].ratio, Spread(3, 3, 3))
        self.assertEqual((found.pairs, found.misplaced, found.glitches), (8, 4, 2))

    def test_without_a_sound_sample_there_is_no_ratio(self) -> None:
        found = self.outcome(([ours(1.0, placed=False), ours(1.0)], [3.0]))
        self.assertIsNone(found.rivals[0].ratio)
        self.assertIsNone(self.outcome(skipped=1).seconds)

    def test_times_alone_and_by_turns(self) -> None:
        still = Spread(1, 1, 1)
        self.assertTrue(contest.agree(still, 1.09, still))
        self.assertFalse(contest.agree(still, 1.11, still))
        self.assertTrue(contest.agree(still, 1.11, Spread(0.9, 1, 1.2)))
        self.assertFalse(contest.agree(still, math.nan, still))


class Fake:
    def __init__(self, name: str, log: list[str], seconds: float, placed: list[bool]) -> None:
        self.name, self.log, self.seconds, self.placed = name, log, seconds, placed

    def turn(self, word: str) -> dict[str, Any]:
        self.log.append(f"{self.name} {word}")
        if word == "epoch":
            return {"seconds": self.seconds}
        return {"gflops": 200.0, "placed": self.placed.pop(0) if self.placed else True}


class Rounds(unittest.TestCase):
    def test_turns_alternate_and_a_misplaced_start_costs_no_rival_a_turn(self) -> None:
        log: list[str] = []
        placed = [True, False] + [True] * 4 + [True, False]
        trainer, rival = Fake("a", log, 0.15, placed), Fake("b", log, 1.0, [])
        turns = contest.run(trainer, [rival], 0.05, lambda _: None, pause=0.001)
        self.assertEqual(turns.alone, [0.15, 1.0])
        self.assertEqual(turns.skipped, 1)
        turn = ["a peak", "a epoch", "a epoch", "a peak"]
        alone = ["a peak"] + 6 * ["a epoch"] + ["a peak"]
        rival_alone = ["a peak"] + 3 * ["b epoch"] + ["a peak"]
        expected = alone + alone + rival_alone + turn + turn + ["b epoch"]
        self.assertEqual(log[: len(expected)], expected)


class Agreement(unittest.TestCase):
    def test_losses_may_part_a_little_and_later_a_little_more(self) -> None:
        one = [1.0] * 200
        self.assertEqual(disagreement(one, one), (0, None))
        self.assertEqual(disagreement(one, [1.0] * 99 + [1.0002] * 101)[1], 100)
        self.assertIsNone(disagreement(one, [1.0] * 100 + [1.0009] * 100)[1])
        self.assertEqual(disagreement(one, [1.0] * 199 + [math.nan])[1], 200)
        with self.assertRaises(ValueError):
            disagreement(one, one[1:])


@unittest.skipUnless(find_spec("jax") and find_spec("threadpoolctl"), "tools/compare-jax and -numpy")
class TheSameEpoch(unittest.TestCase):
    """JAX and NumPy begin with the same weights and shuffle alike; the last batch is a short one."""

    def test_of_jax_and_numpy(self) -> None:
        random = np.random.default_rng(7)
        images = random.integers(0, 256, (50, 784)) * np.float32(1 / 255)
        labels = random.integers(0, 10, 50)
        data = SimpleNamespace(
            images=images, labels=labels, test_images=images, test_labels=labels
        )
        for loss in ("cross-entropy", "synaptic"):
            options = argparse.Namespace(
                hidden=12, batch_size=16, loss=loss, learning_rate=0.1, momentum=0.9, seed=3
            )
            numpy, jax = (
                importlib.import_module(f"compare.rival_{name}").rival(options, data)
                for name in ("numpy", "jax")
            )
            before = [value.copy() for value in numpy.parameters]
            for _ in range(3):
                numpy.epoch()
                jax.epoch()
            (w1, b1), (w2, b2) = jax.state[0]
            for start, one, other in zip(before, numpy.parameters, (w1.T, b1, w2.T, b2)):
                walked = np.abs(one - start).max()
                self.assertLess(np.abs(one - np.asarray(other)).max(), 1e-4 * walked)
            self.assertAlmostEqual(numpy.accuracy(), jax.accuracy(), places=6)
            self.assertGreater(jax.facts["compile_seconds"], 0)


class Kernels(unittest.TestCase):
    def test_results_may_differ_by_their_bound_and_no_more(self) -> None:
        convolutions.check("forward", 1.0)
        for error in (1.01, math.nan, math.inf):
            with self.assertRaisesRegex(Failure, "forward: .* differ"):
                convolutions.check("forward", error)

    def test_a_row_shows_the_time_of_one_run(self) -> None:
        one = {"low": 0.1, "median": 0.2, "high": 0.3}
        ours = {"seconds": one, "alone": 0.2, "peak_share": one, "a_a": one, "alone_agrees": True}
        rival = {"name": "it", "ratio": one, "alone_agrees": False}
        row = {"pass": "forward", "shape": "s", "runs": 400, "phidias": ours, "rivals": [rival]}
        text = report.kernels_row(row)
        self.assertIn("500.0 µs", text)
        self.assertTrue(text.endswith("alone otherwise: it"))


class Facts(unittest.TestCase):
    def test_golden_parameters(self) -> None:
        self.assertAlmostEqual(MOMENTUM, 0.8740320489, places=10)
        self.assertAlmostEqual(LEARNING_RATE, 0.0158679247, places=10)

    def test_only_family_25_without_avx512_is_zen3(self) -> None:
        text = "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nflags\t\t: fma avx2"
        self.assertTrue(is_zen3(text))
        self.assertFalse(is_zen3(text + " avx512f"))
        self.assertFalse(is_zen3(text.replace("25", "26")))

    def test_a_rival_is_told_its_threads(self) -> None:
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PJRT_NPROC")
        environment = rival_environment(3)
        self.assertEqual({environment[name] for name in names}, {"3"})

    def test_the_time_to_compile_is_told_apart(self) -> None:
        rival = {
            "name": "it", "version": "1", "threads": 2, "kernels": "k", "loss_difference": 1e-7,
            "seconds": None, "alone": 1.0, "ratio": None, "reference": None, "void": None,
            "alone_agrees": None, "compile_seconds": 2.04,
        }  # fmt: skip
        self.assertIn("k; compiled before, in 2.0 s;", report.rival_lines(rival, False)[1])
        rival["compile_seconds"] = None
        self.assertNotIn("compiled", report.rival_lines(rival, False)[1])

    def test_a_program_that_ends_early_is_named(self) -> None:
        with self.assertRaisesRegex(Failure, "it ended at 'start' with code 3"):
            TurnProcess("it", [sys.executable, "-c", "exit(3)"])


if __name__ == "__main__":
    unittest.main()
