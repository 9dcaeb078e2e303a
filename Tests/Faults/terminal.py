"""A program on a pseudo-terminal of changing size."""

import fcntl
import os
import pty
import random
import struct
import subprocess
import termios
import threading

# Columns and rows.
SIZES = [(1, 1), (20, 5), (80, 24), (500, 100)]


class Terminal:
    """As much of subprocess.Popen as the campaign needs."""

    def __init__(self, command, environment):
        self.master, slave = pty.openpty()
        self.resize()
        self.output = b""
        self.process = subprocess.Popen(
            command, env=environment | {"TERM": "xterm"}, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True)
        os.close(slave)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def resize(self):
        columns, rows = random.choice(SIZES)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        """Until the program has closed its side."""
        while True:
            try:
                more = os.read(self.master, 4096)
            except OSError:
                break
            if not more:
                break
            self.output += more
            if random.random() < 0.2:
                self.resize()
        os.close(self.master)

    def poll(self):
        return self.process.poll()

    def kill(self):
        self.process.kill()

    def send_signal(self, signal):
        self.process.send_signal(signal)

    def communicate(self, timeout=None):
        self.process.wait(timeout)
        self.reader.join()
        return None, self.output.decode(errors="replace")

    @property
    def returncode(self):
        return self.process.returncode
