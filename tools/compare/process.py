"""A program that does its part in turns: a word on standard input, a line of JSON as answer."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any


class Failure(Exception):
    """What ends a comparison: a sentence for the user, and an exit code after sysexits.h."""

    def __init__(self, message: str, code: int = 70) -> None:
        super().__init__(message)
        self.code = code


class TurnProcess:
    """Started, waited for until it is ready, and then asked for one turn after another."""

    def __init__(self, name: str, command: list[str], env: dict[str, str] | None = None) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=env
        )
        try:
            self.facts = self._answer("start")
        except Failure:
            self.close()
            raise

    def turn(self, word: str) -> dict[str, Any]:
        assert self._process.stdin
        try:
            self._process.stdin.write(word + "\n")
        except BrokenPipeError:
            pass  # the missing answer says it
        return self._answer(word)

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def _answer(self, word: str) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            raise Failure(f"{self.name} ended at '{word}' with code {code}; its message is above.")
        try:
            return json.loads(line)
        except json.JSONDecodeError:
            raise Failure(f"{self.name} answered '{word}' with no JSON: {line.strip()}") from None


def rival_environment(threads: int) -> dict[str, str]:
    """The environment, with the number of threads and without what picks slow BLAS kernels."""
    env = dict(os.environ)
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        env.pop(name, None)
    # The last is XLA's, which otherwise starts a thread for every CPU it may use.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "PJRT_NPROC"):
        env[name] = str(threads)
    return env
