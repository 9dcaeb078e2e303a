"""Faults injected into training runs: whatever fails, nothing that was saved may be lost.

Run by tools/torture. Every trial ends in one of two ways: the run, gone on with, ends with the
same bits as one that nothing happened to; or something is lost, and the campaign fails.
"""

import argparse
import errno
import hashlib
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import time

CALLS = {
    "open": [errno.EACCES, errno.EMFILE, errno.EROFS],
    "write": [errno.ENOSPC, errno.EIO, errno.EDQUOT],
    "fsync": [errno.EIO, errno.ENOSPC],
    "rename": [errno.EIO, errno.ENOSPC, errno.EROFS],
    "allocate": [errno.ENOMEM],
}
# Exit codes with which the program says what it could not do (sysexits.h).
KNOWN_CODES = {0, 64, 65, 66, 71, 73, 74}
TIMEOUT = 60
IMAGES, SIDE = {"train": 600, "t10k": 100}, 12


def write_data(folder):
    """Images of three kinds of stripes, with noise: the same for every campaign."""
    noise = random.Random(1)
    for part, count in IMAGES.items():
        labels = bytes(i % 3 for i in range(count))
        pixels = bytes(
            (200 if (x * (label == 0) + y * (label == 1) + (x + y) * (label == 2)) % 4 < 2 else 20)
            ^ noise.randrange(32)
            for label in labels
            for y in range(SIDE)
            for x in range(SIDE)
        )
        images = struct.pack(">IIII", 0x803, count, SIDE, SIDE) + pixels
        (folder / f"{part}-images-idx3-ubyte").write_bytes(images)
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(
            struct.pack(">II", 0x801, count) + labels
        )


def is_whole(path):
    """Whether a safetensors file is complete, and has the tensors that its checksum is of."""
    data = path.read_bytes()
    if len(data) < 8:
        return False
    end = 8 + struct.unpack("<Q", data[:8])[0]
    try:
        header = json.loads(data[8:end])
    except ValueError:
        return False
    metadata = header.pop("__metadata__", {})
    last = max(entry["data_offsets"][1] for entry in header.values())
    digest = hashlib.sha256(data[end:]).hexdigest()
    return end + last == len(data) and metadata.get("tensors_sha256", digest) == digest


class Run:
    """A training run in a folder."""

    def __init__(self, program, library, data, folder):
        self.program, self.library, self.data, self.folder = program, library, data, folder

    def command(self, resume, threads):
        if resume:
            return [self.program, "train", "--resume", self.folder, "--threads", str(threads)]
        options = "--hidden 24 --batch-size 10 --epochs 6 --validation 0.2 --seed 7"
        return [self.program, "train", "--data", self.data, "--output", self.folder,
                "--threads", str(threads), *options.split()]

    def environment(self, table="", fault=None):
        values = dict(os.environ)
        if table:
            values["CK_ARCH"] = table
        if fault:
            call, number, code, count = fault
            values |= {
                "LD_PRELOAD": self.library, "FAULT_CALL": call, "FAULT_NUMBER": str(number),
                "FAULT_ERROR": str(code), "FAULT_FOLDER": str(self.folder),
                "FAULT_COUNT": str(count),
            }
        return values

    def start(self, resume=False, threads=2, **environment):
        return subprocess.Popen(
            self.command(resume, threads), env=self.environment(**environment),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def finish(self, **options):
        """The exit code (negative for a signal) and what was said; None after a time-out."""
        process = self.start(**options)
        try:
            said = process.communicate(timeout=TIMEOUT)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return None, "no end in time"
        return process.returncode, said

    @property
    def is_begun(self):
        return (self.folder / "run.json").exists()

    def result(self):
        """Bytes of model and best model, and the metrics without what the clock says."""
        lines = (self.folder / "metrics.jsonl").read_text().splitlines()
        metrics = [{k: v for k, v in json.loads(line).items() if k != "timing"} for line in lines]
        models = [(self.folder / f"{name}.safetensors").read_bytes() for name in ("model", "best")]
        return models, metrics

    def damage(self):
        """What is not whole in the folder; empty if all is."""
        return [str(p) for p in self.folder.rglob("*.safetensors") if not is_whole(p)]

    def temporaries(self):
        return [str(p) for p in self.folder.rglob(".phidias-*")]


class Campaign:
    def __init__(self, options, work):
        self.work = work
        self.random = random.Random(options.seed)
        self.end = time.monotonic() + options.seconds
        self.options = options
        data = work / "data"
        data.mkdir()
        write_data(data)
        self.program, self.library, self.data = options.program, options.library, str(data)
        whole = self.run("whole")
        start = time.monotonic()
        code, said = whole.finish()
        if code != 0:
            sys.exit(f"torture: the undisturbed run failed: {said}")
        self.duration = time.monotonic() - start
        self.expected = whole.result()
        self.injected, self.losses = {}, []

    def run(self, name):
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        return Run(self.program, self.library, self.data, folder)

    def is_over(self):
        return time.monotonic() > self.end

    def lose(self, what, said=""):
        self.losses.append(what)
        print(f"LOST: {what}: {said}", file=sys.stderr)

    def check(self, run, what):
        """Everything whole; gone on with, in any way, the run ends with the same bits."""
        damaged = run.damage()
        if damaged:
            self.lose(what, f"damaged: {damaged}")
        table = self.random.choice(["reference", ""])
        threads = self.random.choice([1, 2, 3])
        code, said = run.finish(resume=run.is_begun, threads=threads, table=table)
        if code != 0:
            self.lose(what, f"does not go on: exit {code}: {said}")
        elif run.result() != self.expected:
            self.lose(what, "another result")
        elif run.temporaries():
            self.lose(what, f"left over: {run.temporaries()}")

    def fail_calls(self, call, resume):
        """Makes the 1st, 2nd, 3rd … call of a kind fail until there are no more."""
        count, number = self.work / "count", 0
        kind = f"{call}{' while resuming' if resume else ''}"
        self.injected[kind] = 0
        while not self.is_over():
            number += 1
            run = self.run("faulty")
            if resume:
                shutil.copytree(self.half, run.folder)
            code = CALLS[call][number % len(CALLS[call])]
            count.unlink(missing_ok=True)
            exit_code, said = run.finish(resume=resume, fault=(call, number, code, count))
            what = f"{kind} {number} with {errno.errorcode[code]}"
            seen = int(count.read_text()) if count.exists() else number
            if exit_code is None or exit_code not in KNOWN_CODES:
                self.lose(what, f"exit {exit_code}: {said}")
            if seen < number:
                return True
            self.injected[kind] += 1
            if exit_code == 0 and run.result() != self.expected:
                self.lose(what, "another result, and no error")
            if exit_code != 0 and not said.strip():
                self.lose(what, "no word")
            if exit_code != 0 and run.temporaries():
                self.lose(what, f"left over: {run.temporaries()}")
            self.check(run, what)
        return False

    def kill(self, kills):
        """SIGKILL at random moments, also while going on."""
        self.injected["SIGKILL"] = 0
        while self.injected["SIGKILL"] < kills:
            if self.is_over():
                return False
            run = self.run("killed")
            for attempt in range(self.random.choice([1, 1, 2, 3])):
                process = run.start(resume=run.is_begun)
                time.sleep(self.random.uniform(0, self.duration))
                process.kill()
                process.communicate()
                if process.returncode < 0:
                    self.injected["SIGKILL"] += 1
            killed = self.injected["SIGKILL"]
            self.check(run, f"SIGKILL {killed}")
            self.progress(f"SIGKILL {killed}/{kills}")
        return True

    def progress(self, text):
        if sys.stderr.isatty():
            print(f"\r{text} ", end="", file=sys.stderr, flush=True)

    def campaign(self):
        """Whether all of it was done in the time."""
        self.half = self.work / "half"
        run = self.run("half")
        process = run.start()
        while not (run.folder / "checkpoints/epoch-3.safetensors").exists():
            time.sleep(0.001)
        process.terminate()
        process.communicate()
        done = True
        for resume in [False, True]:
            for call in CALLS:
                done &= self.fail_calls(call, resume)
        return self.kill(self.options.kills) and done


def main():
    parser = argparse.ArgumentParser(prog="tools/torture")
    parser.add_argument("--program", required=True)
    parser.add_argument("--library", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--page", type=pathlib.Path)
    options = parser.parse_args()
    start = time.monotonic()
    campaign = Campaign(options, options.work)
    done = campaign.campaign()
    seconds = time.monotonic() - start
    total = sum(campaign.injected.values())
    kinds = ", ".join(f"{kind} {count}" for kind, count in campaign.injected.items())
    print(f"faults injected {total}: {kinds}")
    print(f"losses          {len(campaign.losses)}")
    print(f"time            {seconds:.0f} s{'' if done else ', which was not enough for all'}")
    if options.page:
        with options.page.open("a") as page:
            page.write(
                f"| {time.strftime('%Y-%m-%d')} | {options.seed} | {total} | {kinds} "
                f"| {len(campaign.losses)} | {'all' if done else 'time was up'} |\n")
    sys.exit(1 if campaign.losses else 0)


if __name__ == "__main__":
    main()
