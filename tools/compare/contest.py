"""Turns of one trainer and its rivals, and what follows from them.

Virtual cores wander, so the turns are short and alternate. A round is ours, a rival, ours, the
next rival, …, ours; a turn of ours is enclosed by measurements of the FMA peak, which also tell
whether the threads were placed on cores of their own. A rival's turn is compared with the mean
of the two turns of ours around it, and those two with each other: that A/A ratio shows what the
machine alone does to a ratio. OpenMP's workers spin for 200 ms after their work: ours answers when
they sleep again, and after a rival's turn there is a pause.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any, Callable, Protocol, Sequence

PAUSE = 0.25
SHORTEST_TURN = 0.2
ALONE_TURNS, ALONE_TRIES = 3, 3
LEAST_ROUNDS = 3
MOST_TIME = 3  # times the seconds asked for, while the least rounds are not done
# A peak above this multiple of the median is the clock's error, not the machine's speed.
GLITCH = 1.25


class Contender(Protocol):
    name: str

    def turn(self, word: str) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Spread:
    """Median with the quartiles."""

    low: float
    median: float
    high: float

    @staticmethod
    def of(values: list[float]) -> Spread | None:
        if not values:
            return None
        if len(values) == 1:
            return Spread(values[0], values[0], values[0])
        low, middle, high = quantiles(values, n=4, method="inclusive")
        return Spread(low, middle, high)


@dataclass(frozen=True)
class OurTurn:
    seconds: float
    peaks: tuple[float, float]
    placed: bool

    def speed(self, flops: float) -> float:
        return flops / self.seconds / 1e9

    def share(self, flops: float) -> float:
        return self.speed(flops) * 2 / sum(self.peaks)


@dataclass
class Turns:
    """All that was measured: `ours[round]` has one turn more than there are rivals."""

    ours: list[list[OurTurn]] = field(default_factory=list)
    rivals: list[list[float]] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)  # ours, then the rivals
    skipped: int = 0  # rounds in which ours found its threads misplaced at once


def epoch(contender: Contender) -> float:
    """Seconds of an epoch: the mean of as many as fill the shortest turn."""
    times: list[float] = []
    while sum(times) < SHORTEST_TURN:
        seconds = contender.turn("epoch")["seconds"]
        # A clock that stands still or runs back would let this never end.
        times.append(max(seconds, 1e-3))
    return sum(times) / len(times)


def our_turn(ours: Contender) -> OurTurn:
    before = ours.turn("peak")
    seconds = epoch(ours)
    after = ours.turn("peak")
    return OurTurn(
        seconds, (before["gflops"], after["gflops"]), before["placed"] and after["placed"]
    )


def alone(ours: Contender, contender: Contender, pause: float) -> float:
    """The median of turns in a row; tried again a few times while threads are misplaced."""
    for _ in range(ALONE_TRIES):
        placed = ours.turn("peak")["placed"]
        seconds = median(epoch(contender) for _ in range(ALONE_TURNS))
        time.sleep(pause)
        if placed and ours.turn("peak")["placed"]:
            break
    return seconds


def run(
    ours: Contender,
    rivals: Sequence[Contender],
    seconds: float,
    progress: Callable[[str], None],
    pause: float = PAUSE,
) -> Turns:
    """Alone first, then rounds until the seconds, pauses included, are spent. Misplacement lasts
    for seconds: a round that starts in it is not worth the rivals' turns."""
    turns = Turns()
    turns.alone = [alone(ours, contender, pause) for contender in [ours, *rivals]]
    start = time.monotonic()
    while True:
        spent = time.monotonic() - start
        if spent >= seconds * (MOST_TIME if len(turns.ours) < LEAST_ROUNDS else 1):
            return turns
        of_ours, of_rivals = [our_turn(ours)], []
        if not of_ours[0].placed:
            turns.skipped += 1
            continue
        for rival in rivals:
            of_rivals.append(epoch(rival))
            time.sleep(pause)
            of_ours.append(our_turn(ours))
        turns.ours.append(of_ours)
        turns.rivals.append(of_rivals)
        progress(f"round {len(turns.ours)}")


@dataclass
class Result:
    """What is reported of a rival; ratios above 1 say that ours is faster."""

    seconds: Spread | None
    best: float | None
    alone: float
    ratio: Spread | None


@dataclass
class Outcome:
    seconds: Spread | None
    best: float | None
    alone: float
    a_a: Spread | None
    peak_share: Spread | None
    peak: Spread | None
    rounds: int
    pairs: int
    misplaced: int
    glitches: int
    rivals: list[Result]


def agree(together: Spread | None, alone: float, a_a: Spread | None) -> bool | None:
    """Whether a time alone is one of the times by turns: no further from their median than a
    tenth, or than the quartiles of times or of A/A ratios are."""
    if together is None or a_a is None:
        return None
    low = min(together.low, 0.9 * together.median, a_a.low * together.median)
    high = max(together.high, 1.1 * together.median, a_a.high * together.median)
    return low <= alone <= high


def evaluate(turns: Turns, flops: float) -> Outcome:
    """Judges what was measured; only pairs whose two turns of ours are sound count."""
    everything = [turn for of_ours in turns.ours for turn in of_ours]
    peaks = [peak for turn in everything for peak in turn.peaks]
    ceiling = GLITCH * median(peaks) if peaks else 0

    def glitch(turn: OurTurn) -> bool:
        return max(turn.peaks) > ceiling or turn.speed(flops) > ceiling

    def sound(turn: OurTurn) -> bool:
        return turn.placed and not glitch(turn)

    pairs = misplaced = turns.skipped * len(turns.alone[1:])
    glitches = 0
    a_a: list[float] = []
    times: list[list[float]] = [[] for _ in turns.alone[1:]]
    ratios: list[list[float]] = [[] for _ in turns.alone[1:]]
    for of_ours, of_rivals in zip(turns.ours, turns.rivals):
        for place, rival in enumerate(of_rivals):
            before, after = of_ours[place], of_ours[place + 1]
            pairs += 1
            placed = before.placed and after.placed
            misplaced += not placed
            glitches += placed and (glitch(before) or glitch(after))
            if sound(before) and sound(after):
                a_a.append(after.seconds / before.seconds)
                times[place].append(rival)
                ratios[place].append(2 * rival / (before.seconds + after.seconds))
    kept = [turn for turn in everything if sound(turn)]
    return Outcome(
        seconds=Spread.of([turn.seconds for turn in kept]),
        best=min((turn.seconds for turn in kept), default=None),
        alone=turns.alone[0],
        a_a=Spread.of(a_a),
        peak_share=Spread.of([turn.share(flops) for turn in kept]),
        peak=Spread.of([peak for turn in kept for peak in turn.peaks]),
        rounds=len(turns.ours),
        pairs=pairs,
        misplaced=misplaced,
        glitches=glitches,
        rivals=[
            Result(
                Spread.of(times[k]),
                min(times[k], default=None),
                turns.alone[k + 1],
                Spread.of(ratios[k]),
            )
            for k in range(len(times))
        ],
    )
