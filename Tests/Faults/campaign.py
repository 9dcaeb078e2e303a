"""Faults injected into every command that writes: whatever fails, nothing that was saved may be lost.

Run by tools/torture. Every trial ends in one of two ways: the command, run again, ends with the
same bits as one that nothing happened to; or something is lost, and the campaign fails.
"""

import argparse
import errno
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

from subjects import SUBJECTS, TIMEOUT, uncovered, write_data

CALLS = {
    "open": [errno.EACCES, errno.EMFILE, errno.EROFS],
    "write": [errno.ENOSPC, errno.EIO, errno.EDQUOT],
    "fsync": [errno.EIO, errno.ENOSPC],
    "rename": [errno.EIO, errno.ENOSPC, errno.EROFS],
    "unlink": [errno.EIO, errno.EACCES],
    "mkdir": [errno.ENOSPC, errno.EACCES],
    "link": [errno.EPERM],
    "truncate": [errno.EIO],
    "allocate": [errno.ENOMEM],
}
# At every call that changes a file, in turn, the process is killed: every prefix of its writes.
PREFIX = "change"
# Every write, in turn, never reaches the disk, although it was told to and said that it had.
OMISSION = "omit"
# Exit codes with which the program says what it could not do (sysexits.h).
KNOWN_CODES = {0, 64, 65, 66, 71, 73, 74}


class Campaign:
    """All faults of one kind of run."""

    def __init__(self, options, kind, end):
        self.options, self.kind, self.end = options, kind, end
        self.work = options.work
        self.random = random.Random(options.seed)
        self.injected, self.losses = {}, []
        whole = self.run("whole")
        kind.before = whole.result() if any(whole.folder.glob("*")) else {}
        start = time.monotonic()
        code, said = whole.finish()
        if code != 0:
            sys.exit(f"torture: the undisturbed run failed: {said}")
        self.duration = time.monotonic() - start
        self.expected = kind.after = whole.result()

    def run(self, name, start=None):
        """One that begins with a copy of a folder; without one, with what there is before the command,
        which is made once."""
        start = start or self.work / "start"
        if not start.exists():
            self.kind(self.options, self.work / "data", start).prepare()
            start.mkdir(exist_ok=True)
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(start, folder)
        return self.kind(self.options, self.work / "data", folder)

    def is_over(self):
        return time.monotonic() > self.end

    def lose(self, what, said=""):
        self.losses.append(what)
        print(f"LOST: {what}: {said}", file=sys.stderr)

    def check(self, run, what):
        """Everything whole; gone on with, in any way, the run ends with the same bits."""
        damaged, saved, broken = run.damage(), run.saved(), run.broken()
        if damaged:
            self.lose(what, f"damaged: {damaged}")
        if broken:
            self.lose(what, broken)
        table = self.random.choice(["reference", ""])
        code, said = run.finish(threads=self.random.choice([1, 2, 3]), table=table)
        if code != 0:
            self.lose(what, f"does not go on: exit {code}: {said}")
        elif run.result() != self.expected:
            self.lose(what, f"another result: {self.differences(run)}")
        elif run.saved()[: len(saved)] != saved:
            self.lose(what, "what was saved is not what was")
        elif run.temporaries():
            self.lose(what, f"left over: {run.temporaries()}")

    def differences(self, run):
        """The parts of the result that differ, and files of which only one of the two has any."""
        parts = [i for i, pair in enumerate(zip(run.result(), self.expected)) if pair[0] != pair[1]]
        whole = self.work / "whole"
        names = [{p.relative_to(f) for p in f.rglob("*")} for f in (run.folder, whole)]
        return f"parts {parts}, files {sorted(map(str, names[0] ^ names[1]))}"

    def fail_calls(self, call, half=None):
        """Makes the 1st, 2nd, 3rd … call of a kind fail until there are no more."""
        count, number = self.work / "count", 0
        kind = f"{call}{' while resuming' if half else ''}"
        self.injected[kind] = 0
        while not self.is_over():
            number += 1
            run = self.run("faulty", half and half.folder)
            code = 0 if call == PREFIX else CALLS[call][number % len(CALLS[call])]
            count.unlink(missing_ok=True)
            exit_code, said = run.finish(fault=(call, number, code, count))
            what = f"{kind} {number} with {errno.errorcode.get(code, 'SIGKILL')}"
            seen = int(count.read_text()) if count.exists() else number
            killed = code == 0 and exit_code == -signal.SIGKILL
            if not killed and (exit_code is None or exit_code not in KNOWN_CODES):
                self.lose(what, f"exit {exit_code}: {said}")
            if seen < number:
                return True
            self.injected[kind] += 1
            if exit_code == 0 and run.result() != self.expected:
                self.lose(what, "another result, and no error")
            if exit_code != 0 and not killed and not said.strip():
                self.lose(what, "no word")
            # What could not be removed stays until the folder is used again; so do new files that
            # count already.
            left = [path for path in run.temporaries() if "/.phidias-new" in path or path.endswith(".tmp")]
            if exit_code != 0 and not killed and call != "unlink" and left:
                self.lose(what, f"left over: {left}")
            self.check(run, what)
        return False

    def kill(self, kills):
        """Signals at random moments, also while going on, on a terminal or off it; three in four
        cannot be caught."""
        kills, number = kills * self.kind.KILLS, 0
        others = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGSTOP]
        while sum(n for kind, n in self.injected.items() if "SIGKILL" in kind) < kills:
            if self.is_over():
                return False
            run = self.run("killed")
            number += 1
            sent = signal.SIGKILL if number % 4 else others[number // 4 % 4]
            for attempt in range(self.random.choice([1, 1, 2, 3])):
                self.strike(run, sent)
            self.check(run, f"{sent.name} {number}")
            self.progress(f"{number}, {kills} SIGKILLs in all")
        return True

    def strike(self, run, sent):
        """Starts a run and sends it a signal, which may come too late."""
        terminal = self.random.random() < 0.3
        process = run.start(terminal=terminal)
        time.sleep(self.random.uniform(0, self.duration))
        process.send_signal(sent)
        if sent == signal.SIGSTOP:
            time.sleep(self.random.uniform(0, 0.05))
            process.send_signal(signal.SIGCONT)
        try:
            said = process.communicate(timeout=TIMEOUT)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return self.lose(sent.name, "no end in time")
        code = process.returncode
        if code in (0, -sent):
            kind = sent.name + (" on a terminal" if terminal else "")
            self.injected[kind] = self.injected.get(kind, 0) + 1
        else:
            self.lose(sent.name, f"exit {code}: {said}")

    def omit_writes(self, half=None):
        """Omits the 1st, 2nd, 3rd … write. What depended on it may be lost: the next command says so,
        or ends with the same bits."""
        count, number = self.work / "count", 0
        kind = f"{OMISSION}{' while resuming' if half else ''}"
        self.injected[kind] = 0
        while not self.is_over():
            number += 1
            run = self.run("faulty", half and half.folder)
            count.unlink(missing_ok=True)
            exit_code, said = run.finish(fault=(OMISSION, number, 0, count))
            what = f"{kind} {number}"
            if exit_code not in KNOWN_CODES:
                self.lose(what, f"exit {exit_code}: {said}")
            if int(count.read_text()) < number:
                return True
            self.injected[kind] += 1
            exit_code, said = run.finish()
            if exit_code not in KNOWN_CODES or (exit_code != 0 and not said.strip()):
                self.lose(what, f"the next command: exit {exit_code}: {said}")
            elif exit_code == 0 and run.result() != self.expected and not run.is_told(said, self.expected):
                self.lose(what, f"another result, and no error: {self.differences(run)}: {said}")
        return False

    def progress(self, text):
        if sys.stderr.isatty():
            print(f"\r{text} ", end="", file=sys.stderr, flush=True)

    def half_done(self):
        """A run that a signal stopped on its way; None if there is no going on."""
        run = self.run("half")
        if run.is_half_done() is None:
            return None
        process = run.start()
        while not run.is_half_done() and process.poll() is None:
            time.sleep(0.001)
        process.terminate()
        process.communicate()
        return run

    def campaign(self):
        """Whether all of it was done in the time."""
        half = self.half_done()
        done = self.kill(self.options.kills) if "kills" in self.options.only else True
        for call in [c for c in [PREFIX, *CALLS] if "calls" in self.options.only]:
            for start in [None, half] if half else [None]:
                done &= self.fail_calls(call, start)
        for start in [None, half] if half else [None]:
            if "omissions" in self.options.only:
                done &= self.omit_writes(start)
        return done


def main():
    parser = argparse.ArgumentParser(prog="tools/torture")
    parser.add_argument("--program")
    parser.add_argument("--library")
    # Absolute, as the paths that the library compares it with.
    parser.add_argument("--work", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--subject", choices=SUBJECTS, action="append")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parts = ["kills", "calls", "omissions"]
    parser.add_argument("--only", choices=parts, nargs="+", default=parts)
    parser.add_argument("--page", type=pathlib.Path)
    parser.add_argument("--uncovered", nargs="*")
    options = parser.parse_args()
    if options.uncovered is not None:
        print("\n".join(uncovered(options.uncovered)))
        return
    (options.work / "data").mkdir()
    write_data(options.work / "data")
    names = options.subject or list(SUBJECTS)
    begin, losses = time.monotonic(), 0
    for place, name in enumerate(names):
        for leftover in ("start", "source", "copy"):
            shutil.rmtree(options.work / leftover, ignore_errors=True)
        start = time.monotonic()
        # What one leaves of its share of the time is the next ones'.
        share = (begin + options.seconds - start) / (len(names) - place)
        campaign = Campaign(options, SUBJECTS[name], start + share)
        done = campaign.campaign()
        losses += len(campaign.losses)
        report(options, name, campaign, done, time.monotonic() - start)
    sys.exit(1 if losses else 0)


def report(options, name, campaign, done, seconds):
    total = sum(campaign.injected.values())
    kinds = ", ".join(f"{kind} {count}" for kind, count in campaign.injected.items())
    print(f"subject         {name}")
    print(f"faults injected {total}: {kinds}")
    print(f"losses          {len(campaign.losses)}")
    print(f"time            {seconds:.0f} s{'' if done else ', which was not enough for all'}")
    if options.page:
        with options.page.open("a") as page:
            page.write(
                f"| {time.strftime('%Y-%m-%d')} | {name} | {options.seed} | {total} | {kinds} "
                f"| {len(campaign.losses)} | {'all' if done else 'time was up'} |\n")


if __name__ == "__main__":
    main()
