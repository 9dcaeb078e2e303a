"""What faults are injected into: how it is started, and what it saves."""

import hashlib
import json
import os
import random
import shlex
import struct
import subprocess

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


def is_json(path):
    try:
        json.loads(path.read_text())
    except ValueError:
        return False
    return True


def are_json(path):
    """Whether every line is JSON but a last one that was cut off."""
    try:
        return all(isinstance(json.loads(line), dict) for line in path.read_bytes().split(b"\n")[:-1])
    except ValueError:
        return False


# How to tell that a file is whole, by its suffix.
READ = {
    ".safetensors": is_whole, ".json": is_json, ".jsonl": are_json,
    ".svg": lambda path: path.read_text().rstrip().endswith("</svg>"),
}


class Run:
    """The program at work in a folder. Its kinds say how it is started, and what it has to save."""

    def __init__(self, options, data, folder):
        self.options, self.data, self.folder = options, data, folder

    def environment(self, table="", fault=None):
        values = dict(os.environ)
        if table:
            values["CK_ARCH"] = table
        if fault:
            call, number, code, count = fault
            values |= {
                "LD_PRELOAD": self.options.library, "FAULT_CALL": call,
                "FAULT_NUMBER": str(number), "FAULT_ERROR": str(code),
                "FAULT_FOLDER": str(self.folder), "FAULT_COUNT": str(count),
            }
        return values

    def start(self, threads=2, **environment):
        """Begins, or goes on with what the folder holds."""
        return subprocess.Popen(
            [self.options.program, *self.arguments(), *self.workers(threads)],
            env=self.environment(**environment),
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

    def lines(self, name):
        """The whole lines of a file; none if it is not there."""
        path = self.folder / name
        return path.read_bytes().split(b"\n")[:-1] if path.exists() else []

    def values(self, name):
        """What is in a file's lines, without what the clock says."""
        lines = map(json.loads, self.lines(name))
        return [{k: v for k, v in line.items() if k != "timing"} for line in lines]

    def damage(self):
        """What is not whole in the folder; empty if all is."""
        return [str(p) for p in self.folder.rglob("*") if p.suffix in READ and not READ[p.suffix](p)]

    def temporaries(self):
        return [str(p) for p in self.folder.rglob(".phidias-*")]


class Training(Run):
    """A training run with checkpoints."""

    OPTIONS = "--hidden 24 --batch-size 10 --epochs 6 --validation 0.2 --seed 7"

    def arguments(self):
        if (self.folder / "run.json").exists():
            return ["train", "--resume", self.folder]
        return ["train", "--data", self.data, "--output", self.folder, *shlex.split(self.OPTIONS)]

    def workers(self, count):
        return ["--threads", str(count)]

    def is_half_done(self):
        return (self.folder / "checkpoints/epoch-3.safetensors").exists()

    def saved(self):
        """What no run that goes on may change. A run computes again what follows a checkpoint."""
        return []

    def result(self):
        """Bytes of model and best model, and the metrics."""
        models = [(self.folder / f"{name}.safetensors").read_bytes() for name in ("model", "best")]
        return models, self.values("metrics.jsonl")


class Convolution(Training):
    """A convolution with all that a run can have besides, which --patience ends."""

    OPTIONS = ("--network 'conv 4 3x3 pad 1 relu, maxpool 2, dropout 0.25, dense 12 relu, dense 10' "
               "--batch-size 10 --epochs 12 --validation 0.2 --patience 2 --filters-every 60 --shift 1 "
               "--weight-decay 0.001 --clip-norm 5 --seed 7")

    def result(self):
        """The frames of the filters too."""
        frames = sorted((self.folder / "frames").iterdir())
        return *super().result(), [(path.name, path.read_bytes()) for path in frames]


class Halving(Training):
    """A run that diverges in its warm-up, and goes back at half the learning rate."""

    OPTIONS = ("--hidden 12,12 --activation relu --batch-size 10 --epochs 6 --validation 0.2 "
               "--learning-rate 6 --momentum 0.9 --weight-decay 1 --warm-up 4 --on-divergence halve "
               "--seed 7")


class Sweep(Run):
    """A sweep of eight cells, two at a time."""

    OPTIONS = ("--hidden 8 --learning-rate 0.01,golden --momentum 0.5,golden --folds 2 "
               "--batch-size 5 --epochs 3 --seed 7")

    def arguments(self):
        return ["sweep", "--data", self.data, "--output", self.folder, *self.OPTIONS.split()]

    def workers(self, count):
        return ["--jobs", str(count)]

    def is_half_done(self):
        return len(self.lines("results.jsonl")) >= 3

    def saved(self):
        """The finished cells, with their times: one that were computed again would differ."""
        return self.lines("results.jsonl")

    def result(self):
        """What was asked for, and the cells in any order."""
        cells = sorted(self.values("results.jsonl"), key=json.dumps)
        return (self.folder / "sweep.json").read_bytes(), cells, [
            (self.folder / name).read_bytes() for name in ("heatmap.svg", "heatmap.png")
        ]


SUBJECTS = {
    "train": Training, "convolution": Convolution, "halving": Halving, "sweep": Sweep,
}
