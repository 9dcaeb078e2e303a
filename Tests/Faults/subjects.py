"""What faults are injected into: how each command is started, and what must hold afterwards.

A command joins by a class in SUBJECTS. Those that write nothing are in READERS, with the reason;
a test compares both with the commands that the program has.
"""

import hashlib
import json
import os
import random
import re
import shlex
import shutil
import struct
import subprocess
import zlib

from terminal import Terminal

TIMEOUT = 60
IMAGES, SIDE = {"train": 600, "t10k": 100}, 12

# Commands without a subject, and why.
READERS = {
    "evaluate": "reads", "summary": "reads", "verify": "reads",
    "explain": "computes", "data info": "reads",
    "bench": "measures the machine; what it writes is written as reports are",
}


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
    ".html": lambda path: path.read_text().rstrip().endswith("</html>"),
    ".png": lambda path: path.read_bytes().endswith(b"IEND\xaeB`\x82"),
}
# Files that are being written, and are taken away or put into their place later.
HALF_WRITTEN = re.compile(r"/\.phidias-(new|replaces|arrives|[0-9a-z]+\.tmp)")


class Run:
    """The program at work in a folder. Its kinds say how it is started, and what it has to save."""

    # The commands that it stands for.
    COVERS = ()
    # Kills at random moments, times those that are asked for.
    KILLS = 1

    def __init__(self, options, data, folder):
        self.options, self.data, self.folder = options, data, folder

    def prepare(self):
        """What there is before the command is run."""

    def environment(self, table="", fault=None):
        # Threads that wait do not spin: the campaign is not alone on the machine.
        values = dict(os.environ) | {"KMP_BLOCKTIME": "0"}
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

    def command(self, threads=2):
        return [self.options.program, *map(str, self.arguments()), *self.workers(threads)]

    def start(self, threads=2, terminal=False, **environment):
        """Begins, or goes on with what the folder holds."""
        if terminal:
            return Terminal(self.command(threads), self.environment(**environment))
        return subprocess.Popen(
            self.command(threads), env=self.environment(**environment),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace")

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

    def copied(self):
        """A copy of the folder, in which something else can be tried."""
        copy = self.folder.with_name("copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.folder, copy)
        return copy

    def call(self, *arguments):
        """Runs another command: its exit code, and what it said."""
        outcome = subprocess.run(
            [self.options.program, *map(str, arguments)], capture_output=True, text=True,
            timeout=TIMEOUT)
        return outcome.returncode, outcome.stdout + outcome.stderr

    def workers(self, count):
        return ["--threads", str(count)]

    def is_half_done(self):
        """Whether there is something to go on with; commands that have nothing to go on with never
        are."""
        return None

    def saved(self):
        """What no run that goes on may change."""
        return []

    def broken(self):
        """What is wrong with what a fault has left, before the command is run again; '' if nothing."""
        return ""

    def is_told(self, said, expected):
        """Whether what was said names all that is not as expected: the disk has lost it, and nothing
        can make it again."""
        return False

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
        return [
            str(p) for p in self.folder.rglob("*")
            if p.suffix in READ and not HALF_WRITTEN.search(str(p)) and not READ[p.suffix](p)
        ]

    def temporaries(self):
        return [str(p) for p in self.folder.rglob(".phidias-*")]


class Training(Run):
    """A training run with checkpoints."""

    COVERS = ("train",)
    OPTIONS = "--hidden 24 --batch-size 10 --epochs 6 --validation 0.2 --seed 7"

    def arguments(self):
        if (self.folder / "run.json").exists():
            return ["train", "--resume", self.folder]
        return ["train", "--data", self.data, "--output", self.folder, *shlex.split(self.OPTIONS)]

    def is_half_done(self):
        return (self.folder / "checkpoints/epoch-3.safetensors").exists()

    def frames(self):
        """Names and bytes of the frames of the filters."""
        return [(path.name, path.read_bytes()) for path in sorted((self.folder / "frames").iterdir())]

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
        return *super().result(), self.frames()

    def is_told(self, said, expected):
        lost = [p for p in (self.folder / "frames").iterdir() if not READ[".png"](p)]
        return (lost and all(str(path) in said for path in lost)
                and self.result()[:-1] == expected[:-1])


class Halving(Training):
    """A run that diverges in its warm-up, and goes back at half the learning rate."""

    OPTIONS = ("--hidden 12,12 --activation relu --batch-size 10 --epochs 6 --validation 0.2 "
               "--learning-rate 6 --momentum 0.9 --weight-decay 1 --warm-up 4 --on-divergence halve "
               "--seed 7")


class Adaptive(Training):
    """A run of Adam, whose checkpoints hold second moments."""

    OPTIONS = ("--hidden 24 --activation tanh --batch-size 10 --epochs 8 --validation 0.2 "
               "--optimizer adamw --weight-decay 0.01 --learning-rate 0.01 --label-smoothing 0.1 "
               "--seed 7")


class Minutes(Training):
    """A run with checkpoints by the clock, so often that they fall into epochs."""

    OPTIONS = Training.OPTIONS + " --checkpoint-every 0.0001m --keep 3"

    def is_half_done(self):
        return len(self.lines("metrics.jsonl")) >= 3


class Watched(Training):
    """A run that TensorBoard watches: what cannot be written for it does not end the run."""

    COVERS = ("train --tensorboard",)

    def arguments(self):
        board = self.folder / "board"
        return [*super().arguments(), "--tensorboard", board, "--tensorboard-every", 50]


class Changing(Training):
    """A run that was finished, and goes on with other settings."""

    COVERS = ("train --allow-change",)
    KILLS = 5
    FIRST = "--hidden 24 --batch-size 10 --epochs 2 --validation 0.2 --seed 7"
    CHANGE = "--allow-change --learning-rate 0.1 --epochs 4"

    def prepare(self):
        self.call("train", "--data", self.data, "--output", self.folder, *shlex.split(self.FIRST))

    def arguments(self):
        return ["train", "--resume", self.folder, *shlex.split(self.CHANGE)]

    def is_half_done(self):
        return None

    def result(self):
        changes = json.loads((self.folder / "run.json").read_text()).get("changes")
        return *super().result(), changes

    def broken(self):
        """It goes on as it was, or with all of the change; run.json says which."""
        copy = type(self)(self.options, self.data, self.copied())
        code, said = copy.call("train", "--resume", copy.folder)
        if code != 0:
            return f"does not go on as it is: exit {code}: {said}"
        if copy.result() not in (self.before, self.after):
            return f"neither as it was nor changed: {copy.result()[1:]}"
        return ""


class Forcing(Changing):
    """A run that takes the place of another."""

    COVERS = ("train --force",)
    FIRST = "--hidden 24 --batch-size 10 --epochs 3 --validation 0.2 --filters-every 50 --seed 7"
    CHANGE = "--hidden 16 --batch-size 20 --epochs 3 --validation 0.2 --filters-every 40 --seed 8 --force"

    def arguments(self):
        return ["train", "--data", self.data, "--output", self.folder, *shlex.split(self.CHANGE)]

    def result(self):
        return *super().result(), self.frames()


class Sweep(Run):
    """A sweep of eight cells, two at a time."""

    COVERS = ("sweep",)
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


class Experiment(Run):
    """An experiment, which the same command goes on with."""

    def arguments(self):
        return ["experiment", self.NAME, "--data", self.data, "--output", self.folder,
                *self.OPTIONS.split()]

    def temporaries(self):
        return super().temporaries() + [str(p) for p in self.folder.glob("progress.*")]

    def result(self):
        """All numbers but those of the clock, and the names of the files."""
        numbers = json.loads((self.folder / f"{self.NAME}.json").read_text())
        names = {p.name for p in self.folder.iterdir() if str(p) not in self.temporaries()}
        return without_clock(numbers), names


class LossExperiment(Experiment):
    COVERS = ("experiment loss",)
    NAME = "loss"
    OPTIONS = "--hidden 8 --epochs 1 --batch-size 50 --seeds 2 --tuning-seeds 1 --rates 0.1,1 --seed 7"
    workers, saved = Sweep.workers, Sweep.saved


class OptimizersExperiment(LossExperiment):
    COVERS = ("experiment optimizers",)
    NAME = "optimizers"
    OPTIONS = "--hidden 8 --budgets 1,2 --batch-sizes 50 --seeds 2 --seed 7"


class SmoothingExperiment(Experiment):
    COVERS = ("experiment smoothing",)
    NAME = "smoothing"
    OPTIONS = ("--hidden 6 --epochs 2 --batch-size 60 --momenta 0,golden --roughness-epochs 1 "
               "--curvature-images 50 --curvature-steps 3 --seed 7")


class GoldenPointExperiment(Experiment):
    COVERS = ("experiment golden-point",)
    NAME = "golden-point"
    OPTIONS = "--hidden 6 --epochs 2 --batch-size 60 --seed 7"


def without_clock(value):
    """A JSON value without the members that hold seconds."""
    if isinstance(value, dict):
        return {k: without_clock(v) for k, v in value.items() if "second" not in k and k != "timing"}
    return [without_clock(v) for v in value] if isinstance(value, list) else value


class Files(Run):
    """A command that writes files into the place of others: each is the old one or the new one, and
    all are from the same side."""

    def workers(self, count):
        return []

    def files(self):
        return {p.name: p.read_bytes() for p in self.folder.iterdir() if not p.name.startswith(".")}

    result = files

    def broken(self):
        if self.files() not in (self.before, self.after) and self.temporaries() == []:
            return f"neither the old files nor the new ones: {sorted(self.files())}"
        return ""


class Synthesis(Files):
    COVERS = ("data synthesize",)
    SIZES = "--train 60 --test 20"

    def prepare(self):
        self.call("data", "synthesize", "--train", 40, "--test", 10, "--output", self.folder)

    def arguments(self):
        return ["data", "synthesize", *self.SIZES.split(), "--force", "--output", self.folder]

    def broken(self):
        """Whoever reads the data next finds all of the old or all of the new."""
        copy = self.copied()
        code, said = self.call("data", "info", copy)
        found = {p.name: p.read_bytes() for p in copy.iterdir()}
        if code != 0 or found not in (self.before, self.after):
            return f"neither the old data nor the new: {sorted(found)}: {said}"
        return ""


class Import(Synthesis):
    COVERS = ("data import",)

    def arguments(self):
        source = self.data / "digits.csv"
        if not source.exists():
            rows = ("".join([str(i % 3)] + [f",{(i * 7 + x) % 256}" for x in range(16)]) for i in range(90))
            source.write_text("\n".join(rows) + "\n")
        return ["data", "import", source, "--label", "first", "--as", "images",
                "--test-share", "0.2", "--force", "--output", self.folder]


class Pictures(Synthesis):
    """Names of classes replace data without them."""

    COVERS = ("data import --size",)

    def arguments(self):
        source = self.data / "pictures"
        for label, name in enumerate(("stripes", "bars") if not source.exists() else ()):
            (source / name).mkdir(parents=True)
            for index in range(8):
                pixels = bytes((x * 40 * (label + 1) + index) % 256 for x in range(16))
                (source / name / f"{index}.png").write_bytes(png(pixels, 4))
        return ["data", "import", source, "--size", "3x3", "--force", "--output", self.folder]


def png(pixels, side):
    """A square picture in gray."""

    def chunk(name, data):
        sum_ = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + sum_

    rows = b"".join(b"\0" + pixels[y * side : (y + 1) * side] for y in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


class Page(Files):
    """One file, made of what another folder holds."""

    def source(self):
        """A run with frames, made once."""
        run = self.folder.with_name("source")
        if not run.exists():
            self.call("train", "--data", self.data, "--output", run, "--network",
                      "conv 4 3x3 relu, dense 10", "--epochs", 2, "--filters-every", 10)
        return run

    def prepare(self):
        self.folder.mkdir()

    def arguments(self):
        words = self.OPTIONS.format(run=self.source(), data=self.data, output=self.folder / self.NAME)
        return words.split()


class Report(Page):
    COVERS, NAME = ("report",), "page.html"
    OPTIONS = "report {run} --output {output}"


class Filters(Page):
    COVERS, NAME = ("filters",), "filters.png"
    OPTIONS = "filters {run}/model.safetensors --output {output}"


class Film(Page):
    COVERS, NAME = ("filters --film",), "film.png"
    OPTIONS = "filters --film {run} --output {output}"


class Animation(Page):
    COVERS, NAME = ("filters --film",), "animation.png"
    OPTIONS = "filters --film {run} --animate --output {output}"


class Features(Page):
    COVERS, NAME = ("features",), "features.png"
    OPTIONS = "features {run}/model.safetensors --strongest 3 --data {data} --output {output}"


class Export(Page):
    COVERS, NAME = ("export",), "model.onnx"
    OPTIONS = "export {run} --to onnx --output {output} --force"


class Record(Page):
    COVERS, NAME = ("record",), "steps.safetensors"
    OPTIONS = "record --data {data} --hidden 8 --steps 5 --output {output}"


class Fitted(Page):
    """What a network saw of pictures, and then its answers: files that come one by one."""

    COVERS, NAME = ("predict",), "predictions.csv"
    OPTIONS = ("predict {run}/model.safetensors {run}/filters.png --segments --save-fitted {folder} "
               "--output {output}")

    def arguments(self):
        output = self.folder / self.NAME
        return self.OPTIONS.format(run=self.source(), folder=self.folder, output=output).split()

    def broken(self):
        wrong = [name for name, data in self.files().items() if self.after.get(name) != data]
        return f"not what they should be: {wrong}" if wrong and self.temporaries() == [] else ""


class Augmented(Page):
    COVERS, NAME = ("data augment",), "sheet.png"
    OPTIONS = "data augment --data {data} --shift 1 --output {output}"


SUBJECTS = {
    "train": Training, "convolution": Convolution, "halving": Halving, "adam": Adaptive,
    "minutes": Minutes, "watched": Watched,
    "allow-change": Changing, "force": Forcing, "sweep": Sweep, "loss": LossExperiment,
    "optimizers": OptimizersExperiment, "smoothing": SmoothingExperiment, "golden-point": GoldenPointExperiment,
    "synthesize": Synthesis, "import": Import, "pictures": Pictures, "augment": Augmented,
    "report": Report, "filters": Filters, "film": Film, "animation": Animation, "fitted": Fitted, "features": Features,
    "record": Record, "export": Export,
}


def uncovered(commands):
    """Those of the program's commands that have neither a subject nor a reason to have none."""
    covered = {words.split(" --")[0] for kind in SUBJECTS.values() for words in kind.COVERS}
    return [c for c in commands if c not in covered and c not in READERS]
