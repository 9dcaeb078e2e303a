"""Results as text."""

from __future__ import annotations

from typing import Any

HEAD = f"{'':34} {'s/epoch':>8} {'best':>8} {'alone':>8}   times as fast [quartiles]"


def spread(
    value: dict[str, float] | None, digits: int = 2, unit: str = "", scale: float = 1
) -> str:
    if value is None:
        return "no sound sample"
    low, median, high = (scale * value[name] for name in ("low", "median", "high"))
    return f"{median:.{digits}f}{unit} [{low:.{digits}f} … {high:.{digits}f}]"


def seconds(entry: dict[str, Any]) -> str:
    if entry["seconds"] is None:
        return f"{'–':>8} {'–':>8} {entry['alone']:8.3f}"
    return f"{entry['seconds']['median']:8.3f} {entry['best']:8.3f} {entry['alone']:8.3f}"


def rival_lines(rival: dict[str, Any], zen3: bool) -> list[str]:
    name = f"{rival['name']} {rival['version']}, {rival['threads']} thr."
    lines = [f"  {name:32} {seconds(rival)}   {spread(rival['ratio'])}"]
    notes = [rival["kernels"]]
    if rival["compile_seconds"] is not None:
        notes.append(f"compiled before, in {rival['compile_seconds']:.1f} s")
    if "loss_difference" in rival:
        notes.append(f"losses within {rival['loss_difference']:.0e} of ours")
    else:
        accuracies = rival["accuracy"], rival["phidias_accuracy"], rival["epochs"]
        notes.append("test accuracy {:.2%}, ours {:.2%}, after {} epochs".format(*accuracies))
    if rival["reference"] is not None and zen3:
        notes.append(f"{rival['reference']} s on two Zen 3 cores elsewhere")
    lines.append("    " + "; ".join(notes))
    if rival["void"]:
        lines.append("    VOID: more than a tenth slower than it should be on such a machine")
    if rival["alone_agrees"] is False:
        lines.append("    By turns it took another time than alone: trust neither.")
    return lines


def case_text(case: dict[str, Any], zen3: bool) -> str:
    ours = case["phidias"]
    title = f"{case['network']}, batch {case['batch_size']}, {case['loss']} loss"
    name = f"phidias, {ours['kernels']}, {ours['threads']} thr."
    lines = [
        f"{title}: {ours['rounds']} rounds",
        HEAD,
        f"  {name:32} {seconds(ours)}   {spread(ours['a_a'])} A/A",
    ]
    if ours["alone_agrees"] is False:
        lines.append("    By turns it took another time than alone: trust neither.")
    for rival in case["rivals"]:
        lines += rival_lines(rival, zen3)
    lines.append(
        f"  FMA peak {spread(ours['peak'], 1)} GFLOP/s, of which phidias reached "
        + spread(ours["peak_share"], 1, " %", 100)
    )
    lines.append(
        f"  of {ours['pairs']} pairs the placement probe discards {ours['misplaced']}, "
        f"the clock {ours['glitches']}"
    )
    return "\n".join(lines)


def machine_text(machine: dict[str, Any]) -> str:
    zen3 = "a Zen 3" if machine["zen3"] else "no Zen 3: the reference figures do not apply"
    return f"{machine['cpu']} ({zen3}), {machine['threads']} threads"


def kernels_head(row: dict[str, Any]) -> str:
    ours, rival = row["phidias"], row["rivals"][0]
    names = "".join(f"{other['name'] + ' ×':>30}" for other in row["rivals"])
    return (
        f"{ours['cpu']}: phidias, {ours['kernels']}, {ours['threads']} thr.; "
        f"PyTorch {rival['version']} ({rival['kernels']}), {rival['threads']} thr.\n\n"
        f"{'pass':34}{'phidias':>12}{'of peak':>24}{names}{'A/A':>24}"
    )


def kernels_row(row: dict[str, Any]) -> str:
    """Times are of one run."""
    ours = row["phidias"]
    taken = ours["seconds"]["median"] if ours["seconds"] else ours["alone"]
    ratios = "".join(f"{spread(other['ratio']):>30}" for other in row["rivals"])
    line = f"{row['pass'] + ' ' + row['shape']:34}{taken / row['runs'] * 1e6:9.1f} µs"
    line += f"{spread(ours['peak_share'], 0, ' %', 100):>24}{ratios}{spread(ours['a_a']):>24}"
    parties = [("phidias", ours)] + [(other["name"], other) for other in row["rivals"]]
    apart = [name for name, facts in parties if facts["alone_agrees"] is False]
    return line + ("  alone otherwise: " + ", ".join(apart) if apart else "")


def kernels_legend(rows: list[dict[str, Any]]) -> str:
    pairs = sum(row["phidias"]["pairs"] for row in rows)
    lost = sum(row["phidias"]["misplaced"] + row["phidias"]["glitches"] for row in rows)
    error = max(rival["error"] for row in rows for rival in row["rivals"])
    return (
        "\nRatios above 1 say that phidias is faster: median and quartiles of paired turns. Its "
        "forward has a ReLU\nthat PyTorch's is spared. Results differ by at most "
        f"{error:.2f} of the bound of rounding errors.\n"
        f"{lost} of {pairs} pairs discarded: threads without cores of their own, or clock."
    )
