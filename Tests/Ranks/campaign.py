"""Training, sweeps and experiments over ranks beside one process: the same weights and the same lines,
whatever happens to a rank.

Started by tools/test-mpi, which says what it shows. Prints a line for each thing that it shows, and
ends with 1 if one of them does not hold.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
# A few dozen milliseconds a cell.
SWEEP = (
    "sweep --data d --hidden 16 --batch-size 4 --epochs 8 --folds 2 --jobs 1"
    " --learning-rate 0.001,0.01,golden,0.1 --momentum 0,golden,0.9"
).split()
EXPERIMENT = "--data d --hidden 8 --batch-size 8 --epochs 2".split()
LOSS = ["experiment", "loss", *EXPERIMENT, *"--seeds 3 --tuning-seeds 2 --rates 0.03,0.3 --jobs 1".split()]
# One network over ranks: what is trained, by name.
TRAININGS = {
    "784-37-10, batch 51": "--data d --hidden 37 --batch-size 51 --epochs 3",
    "784-512-512-10, batch 256": "--data d --hidden 512,512 --activation relu --batch-size 256 --epochs 3",
    "rows of numbers": "--data rows --hidden 40,20 --activation tanh --batch-size 30 --epochs 3",
    "weight decay": "--data d --hidden 100,40 --weight-decay 0.001 --epochs 3",
    "Nesterov": "--data d --hidden 100,40 --nesterov --epochs 3",
    "Adam": "--data d --hidden 100,40 --optimizer adam --weight-decay 0.01 --epochs 3",
    "dropout": ["--data", "d", "--network", "dense 100 relu, dropout 0.5, dense 40 relu, dense 10",
                "--epochs", "3"],
}
LONG = "--data d --hidden 256,128 --batch-size 32 --validation 0.2 --keep 3".split()


class Campaign:
    def __init__(self, given):
        self.given = given
        self.work = pathlib.Path(given.work)
        self.random = random.Random(given.seed)
        self.failures = 0
        self.count = 0
        # A user may be root in a container.
        self.environment = os.environ | {
            "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"
        }

    # ------------------------------------------------------------------ tools

    def show(self, what, holds, more=""):
        print(f"{'ok  ' if holds else 'FAIL'} {what}{': ' + more if more else ''}", flush=True)
        self.failures += not holds

    def fresh(self):
        self.count += 1
        return f"out{self.count}"

    def run(self, launcher, arguments, program=None, limit=300):
        """Runs to the end: exit code, and what it said on standard error."""
        done = subprocess.run(
            [*launcher, program or self.given.program, *arguments], cwd=self.work,
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=limit)
        return done.returncode, done.stderr

    def train(self, launcher, arguments):
        """The result of a training as phidias train prints it; {} if it failed, and what it said."""
        done = subprocess.run(
            [*launcher, self.given.program, "train", *arguments, "--format", "json"], cwd=self.work,
            env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=1800)
        return json.loads(done.stdout) if done.returncode == 0 else {}, done.stderr

    def mpirun(self, ranks):
        return ["mpirun.openmpi", "--oversubscribe", "--bind-to", "none", "-n", str(ranks)]

    def lines(self, folder, is_sorted=True):
        """Whole lines of results.jsonl, without what the clock says."""
        path = self.work / folder / "results.jsonl"
        text = path.read_text() if path.exists() else ""
        lines = [line.split(',"timing"')[0] for line in text.split("\n")[:-1]]
        return sorted(lines) if is_sorted else lines

    def lasting(self, epochs):
        """The sweep with longer cells."""
        words = list(SWEEP)
        words[words.index("--epochs") + 1] = str(epochs)
        return words

    def script(self, name, text):
        path = self.work / name
        path.write_text(f"#!/bin/bash\n{text}\nexec {self.given.program} \"$@\"\n")
        path.chmod(0o755)
        return str(path)

    # ------------------------------------------------------------------ what is shown

    def same_lines(self):
        self.run([], [*LOSS, "--output", "loss"])
        for ranks in range(1, 5):
            for arguments, alone, what in (SWEEP, "alone", "sweep"), (LOSS, "loss", "experiment loss"):
                folder = self.fresh()
                code, errors = self.run(self.mpirun(ranks), [*arguments, "--output", folder])
                lines = self.lines(folder)
                self.show(
                    f"{what} over {ranks} ranks gives the {len(lines)} lines of one process",
                    code == 0 and lines == self.lines(alone) and lines, "" if code == 0 else errors)
        for name in "golden-point", "smoothing":
            alone, folder = self.fresh(), self.fresh()
            arguments = ["experiment", name, *EXPERIMENT]
            self.run([], [*arguments, "--output", alone])
            code, errors = self.run(self.mpirun(3), [*arguments, "--output", folder])
            files = [
                {path.name: path.read_bytes() for path in (self.work / place).iterdir()}
                for place in (alone, folder)
            ]
            self.show(
                f"experiment {name} over 3 ranks writes the {len(files[0])} files of one process",
                code == 0 and files[0] == files[1], "" if code == 0 else errors)

    def write_rows(self):
        """A data set of rows of numbers."""
        folder = self.work / "rows"
        folder.mkdir(exist_ok=True)
        for name, count in ("train", 500), ("t10k", 100):
            rows = [[self.random.gauss(0, 1) for _ in range(23)] for _ in range(count)]
            labels = bytes(int(row[0] + row[1] * row[2] > 0) for row in rows)
            flat = [number for row in rows for number in row]
            (folder / f"{name}-features-idx2-float").write_bytes(
                struct.pack(f">BBBBII{len(flat)}f", 0, 0, 13, 2, count, 23, *flat))
            (folder / f"{name}-labels-idx1-ubyte").write_bytes(
                struct.pack(">BBBBI", 0, 0, 8, 1, count) + labels)

    def same_weights(self):
        self.write_rows()
        for name, words in TRAININGS.items():
            words = words if isinstance(words, list) else words.split()
            alone, errors = self.train([], [*words, "--output", self.fresh()])
            sums, said = {alone.get("weights_sha256")}, errors if not alone else ""
            for ranks in range(1, 5):
                result, errors = self.train(
                    self.mpirun(ranks), [*words, "--threads", "1", "--output", self.fresh()])
                sums.add(result.get("weights_sha256"))
                said += "" if result else errors
            self.show(
                f"train, {name}: 1 to 4 ranks give the weights of one process",
                len(sums) == 1 and None not in sums, said)

    def training(self, ranks, words, output):
        return subprocess.Popen(
            [*self.mpirun(ranks), self.given.program, "train", *words, "--threads", "1", "--output",
             output], cwd=self.work, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def epochs_done(self, folder):
        path = self.work / folder / "metrics.jsonl"
        return path.read_text().count("\n") if path.exists() else 0

    def resumed_training(self):
        words = [*LONG, "--epochs", "60"]
        alone, _ = self.train([], [*words, "--output", self.fresh()])
        for victim in "mpirun", "another rank":
            folder = self.fresh()
            process = self.training(3, words, folder)
            while self.epochs_done(folder) < 5 and process.poll() is None:
                time.sleep(0.01)
            target = process.pid if victim == "mpirun" else self.children(process)[2]
            os.kill(target, signal.SIGTERM)
            errors = process.communicate(timeout=60)[1]
            done = self.epochs_done(folder)
            steps = list((self.work / folder / "checkpoints").glob("*-step-*"))
            sums = {}
            for ranks in 1, 2, 4:
                copy = self.fresh()
                shutil.copytree(self.work / folder, self.work / copy)
                result, said = self.train(
                    self.mpirun(ranks) if ranks > 1 else [], ["--resume", copy, "--threads", "1"])
                sums[ranks] = result.get("weights_sha256")
                errors += "" if result else said
            self.show(
                f"SIGTERM to {victim} of 3 ranks after {done} of 60 epochs leaves a checkpoint"
                f" ({steps[0].name if steps else 'none'}), and 1, 2 and 4 ranks end with the weights"
                " of one process",
                steps and 5 <= done < 60 and "Stopped by a signal" in errors
                and set(sums.values()) == {alone.get("weights_sha256")}, f"{sums}\n{errors}"
                if set(sums.values()) != {alone.get("weights_sha256")} or not steps else "")

    def killed_training(self):
        words = [*LONG, "--epochs", "20"]
        begin = time.monotonic()
        alone, _ = self.train(self.mpirun(2), [*words, "--threads", "1", "--output", self.fresh()])
        usual, losses, middles = time.monotonic() - begin, [], 0
        for _ in range(self.given.kills // 5):
            ranks, folder = self.random.randint(2, 4), self.fresh()
            process = self.training(ranks, words, folder)
            time.sleep(self.random.uniform(0.2, usual))
            victims = self.children(process)
            target = self.random.choice([process.pid, *victims])
            try:
                os.kill(target, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.communicate(timeout=60)
            for _ in range(100):
                if not any(self.runs(victim) for victim in victims):
                    break
                time.sleep(0.1)
            else:
                losses.append("a rank was left over")
            middles += 0 < self.epochs_done(folder) < 20
            other = self.random.choice([n for n in range(1, 5) if n != ranks])
            is_begun = (self.work / folder / "run.json").exists()
            place = ["--resume", folder] if is_begun else [*words, "--output", self.fresh()]
            result, errors = self.train(
                self.mpirun(other) if other > 1 else [], [*place, "--threads", "1"])
            if result.get("weights_sha256") != alone.get("weights_sha256"):
                losses.append(f"{ranks} then {other} ranks: {errors}")
        self.show(
            f"{self.given.kills // 5} trainings killed, {middles} of them between two epochs: another"
            " number of ranks ends with the same weights", not losses, "\n".join(losses))

    def training_speed(self):
        """Seconds of training by two ranks of a thread, and by one process of two, by turns."""
        data = os.environ.get("PHIDIAS_MNIST")
        if not data:
            data = "large"
            self.run([], ["data", "synthesize", "--train", "20000", "--test", "100", "--output", data])
        words = ["--data", data, "--hidden", "512", "--batch-size", "256", "--epochs", "8"]
        ratios, seconds = [], []
        for _ in range(self.given.turns):
            times = [
                self.train(launcher, [*words, "--threads", threads, "--output", self.fresh()])[0]
                .get("seconds", float("nan"))
                for launcher, threads in ((self.mpirun(2), "1"), ([], "2"))
            ]
            ratios.append(times[0] / times[1])
            seconds.append(times[1])
        ratios.sort()
        ratio = ratios[len(ratios) // 2]
        text = ", ".join(f"{value:.3f}" for value in ratios)
        self.show(
            f"training 784-512-10, batch 256, 2 ranks of a thread over one process of two,"
            f" {len(ratios)} turns of {min(seconds):.1f} s: {ratio:.3f} ({text})", ratio <= 1.1)

    def mixed_tables(self):
        folder = self.fresh()
        program = self.script(
            "mixed", '[ "$OMPI_COMM_WORLD_RANK" = 1 ] && export CK_ARCH=reference')
        code, errors = self.run(self.mpirun(3), [*SWEEP, "--output", folder], program)
        self.show(
            "one rank with the reference kernels: the same lines",
            code == 0 and self.lines(folder) == self.lines("alone"), "" if code == 0 else errors)
        words, models = ["train", *LONG, "--epochs", "2"], []
        for launcher, one in ([], None), (self.mpirun(3), program):
            folder = self.fresh()
            code, errors = self.run(launcher, [*words, "--threads", "1", "--output", folder], one)
            path = self.work / folder / "model.safetensors"
            models.append(path.read_bytes() if path.exists() else errors)
        self.show("and the same model", models[0] == models[1], "" if code == 0 else errors)

    def other_data(self):
        self.run([], ["data", "synthesize", "--train", "600", "--test", "100", "--seed", "2",
                      "--output", "elsewhere/d"])
        self.run(["env", "-C", "elsewhere"], [*SWEEP, "--output", "sums"])
        sums = [
            json.loads((self.work / path).read_text())["data_sha256"]["train-images-idx3-ubyte"]
            for path in ("alone/sweep.json", "elsewhere/sums/sweep.json")
        ]
        program = self.script("strange", '[ "$OMPI_COMM_WORLD_RANK" = 2 ] && cd elsewhere')
        folder = self.fresh()
        code, errors = self.run(self.mpirun(3), [*SWEEP, "--output", folder], program)
        self.show(
            "other data on one rank ends all, with both checksums and before a folder is made",
            code == 65 and sums[0] != sums[1] and all(sum in errors for sum in sums)
            and not (self.work / folder).exists(), errors if code != 65 else "")

    def refusals(self):
        code, errors = self.run(self.mpirun(2), ["verify", "alone"])
        self.show(
            "verify over ranks is refused", code == 64 and "runs as one process" in errors
            and errors.count("phidias: ") == 1, f"code {code}")
        for words, sentence in (
            (["--network", "conv 2 3x3 relu, dense 10"], "dense layers alone"),
            (["--clip-norm", "1"], "gradient's norm"),
        ):
            code, errors = self.run(
                self.mpirun(2), ["train", "--data", "d", *words, "--output", "t"])
            self.show(
                f"train {words[0]} over ranks is refused",
                code == 64 and sentence in errors and errors.count("phidias: ") == 1
                and not (self.work / "t").exists(), errors if code != 64 else "")
        if self.given.plain:
            libraries = subprocess.run(
                ["ldd", self.given.plain], capture_output=True, text=True, check=True).stdout
            self.show("the plain program links no MPI", "libmpi" not in libraries)
            code, errors = self.run(
                self.mpirun(2), [*SWEEP, "--output", self.fresh()], self.given.plain)
            self.show(
                "the plain program refuses to run over ranks",
                code == 64 and "built without MPI" in errors, f"code {code}")

    def children(self, process):
        """The ranks of an mpirun, in the order in which it started them."""
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                text = path.read_text()
            except OSError:
                continue
            fields = text.rsplit(")", 1)[1].split()
            if int(fields[1]) == process.pid and "(phidias)" in text:
                found.append(int(path.parent.name))
        return sorted(found)

    def kills(self):
        words, alone = self.lasting(self.given.epochs // 10), self.fresh()
        begin = time.monotonic()
        self.run(self.mpirun(2), [*words, "--output", alone])
        usual, everything = time.monotonic() - begin, self.lines(alone)
        slowest, kinds, losses, halves = 0.0, {}, [], 0
        for _ in range(self.given.kills):
            ranks, folder = self.random.randint(1, 4), self.fresh()
            process = subprocess.Popen(
                [*self.mpirun(ranks), self.given.program, *words, "--output", folder], cwd=self.work,
                env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True, start_new_session=True)
            time.sleep(self.random.uniform(0.1, usual))
            victims = self.children(process)
            target = self.random.randint(-1, ranks - 1)
            kind = self.random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
            name = f"{kind.name} to {'mpirun' if target < 0 else 'rank 0' if target == 0 else 'another rank'}"
            kinds[name] = kinds.get(name, 0) + 1
            sent = time.monotonic()
            try:
                os.kill(victims[target] if 0 <= target < len(victims) else process.pid, kind)
            except ProcessLookupError:
                pass
            try:
                errors = process.communicate(timeout=30)[1]
            except subprocess.TimeoutExpired:
                losses.append(f"{name}, {ranks} ranks: it had not ended after 30 s")
                process.kill()
                errors = process.communicate()[1]
            for _ in range(300):  # ranks whose mpirun was killed end by themselves
                if not any(self.runs(victim) for victim in victims):
                    break
                time.sleep(0.1)
            else:
                losses.append(f"{name}, {ranks} ranks: a rank was left over")
            slowest = max(slowest, time.monotonic() - sent)
            before = self.lines(folder, is_sorted=False)
            halves += 0 < len(before) < len(everything)
            if errors.count("\ncell ") > len(before):
                losses.append(f"{name}: {errors.count(chr(10) + 'cell ')} told, {len(before)} there")
            other = self.random.choice([n for n in range(1, 5) if n != ranks])
            code, errors = self.run(self.mpirun(other), [*words, "--output", folder])
            after = self.lines(folder, is_sorted=False)
            if code or after[: len(before)] != before or sorted(after) != everything:
                losses.append(f"{name}, {ranks} then {other} ranks: code {code}, {len(after)} lines\n{errors}")
            shutil.rmtree(self.work / folder, ignore_errors=True)
        text = ", ".join(f"{name} {count}" for name, count in sorted(kinds.items()))
        self.show(
            f"{self.given.kills} kills ({text}), {halves} of them in the middle: nothing is lost, all"
            f" ended within {slowest:.1f} s, and another number of ranks ends with the same lines",
            not losses, "\n".join(losses))

    def runs(self, pid):
        try:
            return " Z " not in pathlib.Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False

    def two_hosts(self):
        tool = str(HERE / "two-hosts")
        if os.geteuid() or shutil.which("ip") is None or subprocess.run(
            [tool, "up"], capture_output=True).returncode:
            return print("skip two hosts: that takes root and ip netns", flush=True)
        try:
            hosts = [tool, "mpirun", "--map-by", "ppr:1:node"]
            folder = self.fresh()
            code, errors = self.run([*hosts, "--bind-to", "none"], [*SWEEP, "--output", folder])
            self.show(
                "two hosts give the lines of one process",
                code == 0 and "on 2 machines" in errors and self.lines(folder) == self.lines("alone"),
                errors if code else "")
            code, errors = self.run([*hosts, "--bind-to", "core"], [*SWEEP, "--output", self.fresh()])
            self.show(
                "ranks that are bound to a part of a machine say so",
                code == 0 and (os.cpu_count() == 1 or "warning: phidias2" in errors), "")
            self.cut(tool, hosts)
        finally:
            subprocess.run([tool, "down"], check=False)

    def cut(self, tool, hosts):
        folder, long = self.fresh(), self.lasting(3000)
        command = [*hosts, "--bind-to", "none", self.given.program, *long, "--output", folder]
        process = subprocess.Popen(
            command, cwd=self.work, env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while not self.lines(folder) and process.poll() is None:
            time.sleep(0.2)
        subprocess.run([tool, "cut"], check=True)
        begin, said = time.monotonic(), ""
        for line in process.stderr:
            said += line
            if "Nothing was heard from rank 1 on phidias2" in line:
                break
        waited = time.monotonic() - begin
        # The first signal asks mpirun to wait for the daemon that is out of reach, the second to end.
        process.terminate()
        time.sleep(1)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            said += "mpirun had to be killed"
        ended = time.monotonic() - begin - waited
        subprocess.run([tool, "mend"], check=True)
        before = self.lines(folder, is_sorted=False)
        code, errors = self.run(self.mpirun(2), [*long, "--output", folder])
        alone = self.fresh()
        self.run([], [*long, "--output", alone])
        after = self.lines(folder, is_sorted=False)
        self.show(
            f"the cable pulled after {len(before)} lines were there: the rank is given up after"
            f" {waited:.0f} s, mpirun ends {ended:.0f} s after SIGTERM, twice, and the same command goes on",
            "Nothing was heard" in said and waited < 75 and ended < 20 and code == 0
            and after[: len(before)] == before and sorted(after) == self.lines(alone),
            "" if code == 0 and waited < 75 else said + errors)

    def mpich(self):
        folder = self.fresh()
        code, errors = self.run(
            ["mpiexec.mpich", "-n", "3"], [*SWEEP, "--output", folder], self.given.mpich)
        self.show(
            "MPICH: 3 ranks give the lines of one process",
            code == 0 and "MPICH" in errors and self.lines(folder) == self.lines("alone"),
            "" if code == 0 else errors)
        words = ["train", *LONG, "--epochs", "2"]
        one, three = self.fresh(), self.fresh()
        self.run([], [*words, "--output", one])
        code, errors = self.run(
            ["mpiexec.mpich", "-n", "3"], [*words, "--threads", "1", "--output", three],
            self.given.mpich)
        models = [self.work / folder / "model.safetensors" for folder in (one, three)]
        self.show(
            "MPICH: 3 ranks train the model of one process",
            code == 0 and models[0].read_bytes() == models[1].read_bytes(),
            "" if code == 0 else errors)

    def speed(self):
        """Cells an hour of two ranks with a worker each, and of one process with two, by turns."""
        long = [*self.lasting(self.given.epochs), "--output"]
        times = {"ranks": [], "one": []}
        for _ in range(self.given.turns):
            for name in times:
                launcher = self.mpirun(2) if name == "ranks" else []
                words = list(long)
                words[words.index("--jobs") + 1] = "1" if name == "ranks" else "2"
                begin = time.monotonic()
                self.run(launcher, [*words, self.fresh()], limit=3600)
                times[name].append(time.monotonic() - begin)
        ratios = sorted(one / ranks for ranks, one in zip(times["ranks"], times["one"]))
        ratio = ratios[len(ratios) // 2]
        text = ", ".join(f"{value:.3f}" for value in ratios)
        self.show(
            f"cells an hour, 2 ranks of one worker over one process of two, {len(ratios)} turns of"
            f" {min(times['one']):.0f} s: {ratio:.3f} ({text})", ratio >= 0.95)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--plain")
    parser.add_argument("--mpich")
    parser.add_argument("--work", required=True)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=1500)
    parser.add_argument("--only")
    campaign = Campaign(parser.parse_args())
    campaign.run([], ["data", "synthesize", "--train", "600", "--test", "100", "--output", "d"])
    steps = [
        "same_lines", "same_weights", "mixed_tables", "other_data", "refusals", "kills",
        "resumed_training", "killed_training", "two_hosts", "speed", "training_speed",
    ]
    if campaign.given.mpich:
        steps.insert(5, "mpich")
    # What the others compare with.
    campaign.run([], [*SWEEP, "--output", "alone"])
    for step in steps:
        if campaign.given.only in (None, step):
            getattr(campaign, step)()
    sys.exit(1 if campaign.failures else 0)


main()
