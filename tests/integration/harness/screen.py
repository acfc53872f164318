"""A terminal for a program that uses all of it: starts it on a pty, and keeps what a person would see.

Knows what ncurses sends to an xterm, a screen, a Linux console: moving, clearing, scrolling regions, inserting and deleting,
repeating. Anything else fails the test, so that nothing is overlooked.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

from .expect import fail

PATIENCE = 60


class Screen:
    def __init__(self, *command, term="xterm", rows=24, columns=80):
        self.rows, self.columns = rows, columns
        self._clear_all()
        self.raw, self.rest, self.status = "", "", None
        master, slave = pty.openpty()
        self.terminal, self.slave = master, slave
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.attributes = termios.tcgetattr(slave)
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for number in (0, 1, 2):
                os.dup2(slave, number)
            environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
            os.execve(command[0], command, {**environment, "TERM": term, "LANG": "C.UTF-8"})

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            print(self.text())
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.terminal)
        os.close(self.slave)

    def keys(self, *keys):
        """Each as a person presses it; a pause lets an Esc stand alone."""
        for key in keys:
            os.write(self.terminal, key.encode())
            self.read(0.2)

    def signal(self, number):
        os.kill(self.pid, number)

    def resize(self, rows, columns):
        self.rows, self.columns = rows, columns
        self._clear_all()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait(self):
        """Its exit status; that of a signal is negative."""
        end = time.monotonic() + PATIENCE
        while self.status is None and time.monotonic() < end:
            self.read(0.05)
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.status = os.waitstatus_to_exitcode(status)
        self.read(0.2)
        if self.status is None:
            fail(f"it ends\n{self.text()}")
        return self.status

    def expect(self, pattern):
        """Waits until the screen shows it."""
        end = time.monotonic() + PATIENCE
        while not re.search(pattern, self.text()):
            if time.monotonic() > end:
                fail(f"the screen shows {pattern!r}\n{self.text()}")
            self.read(0.1)
        print(f"ok: the screen shows {pattern!r}", flush=True)

    def is_restored(self):
        """Echo and line mode are back, the cursor shows, and the screen of before."""
        last = max(self.raw.rfind("\033[?1049l"), self.raw.rfind("\033[?47l"), self.raw.rfind("\r\033[K"), self.raw.rfind("\033[J"))
        hidden, shown = self.raw.rfind("\033[?25l"), max(self.raw.rfind("\033[?25h"), self.raw.rfind("\033[?12l"), self.raw.rfind("\033[34h"))
        return termios.tcgetattr(self.slave)[:4] == self.attributes[:4] and last >= 0 and shown >= hidden

    def after_restoring(self):
        return self.raw[max(self.raw.rfind("\033[?1049l"), 0):]

    def lines(self):
        return ["".join(line).rstrip() for line in self.cells]

    def text(self):
        return "\n".join(self.lines())

    def read(self, seconds):
        end = time.monotonic() + seconds
        while select.select([self.terminal], [], [], max(0, end - time.monotonic()))[0]:
            try:
                piece = os.read(self.terminal, 65536)
            except OSError:
                return
            self.raw += piece.decode("utf-8", "replace")
            self.rest += piece.decode("utf-8", "replace")
            self._draw()

    def _clear_all(self):
        self.cells = [[" "] * self.columns for _ in range(self.rows)]
        self.row = self.column = 0
        self.top, self.bottom, self.last = 0, self.rows - 1, " "

    def _draw(self):
        while self.rest:
            sequence = re.match(r"\033\[([?>]?)([0-9;]*)([A-Za-z@`])|\033[()][AB0]|\033[=>78MHc]|\033\][^\a]*\a", self.rest)
            if sequence:
                self.rest = self.rest[sequence.end():]
                if sequence[3]:
                    self._control(sequence[1], [int(n) if n else 0 for n in sequence[2].split(";")], sequence[3])
                elif sequence[0] == "\033M" and self.row > 0:
                    self.row -= 1
            elif self.rest[0] == "\033":
                if len(self.rest) > 20:
                    fail(f"an unknown sequence: {self.rest[:20]!r}")
                return # not complete yet
            else:
                self._character(self.rest[0])
                self.rest = self.rest[1:]

    def _character(self, character):
        if character == "\r":
            self.column = 0
        elif character == "\n":
            if self.row == self.bottom:
                self.cells.insert(self.bottom + 1, [" "] * self.columns)
                del self.cells[self.top]
            else:
                self.row = min(self.row + 1, self.rows - 1)
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character == "\t":
            self.column = min(self.columns - 1, (self.column // 8 + 1) * 8)
        elif character >= " ":
            if self.column >= self.columns:
                self._character("\r")
                self._character("\n")
            self.cells[self.row][self.column] = self.last = character
            self.column += 1

    def _control(self, private, numbers, letter):
        number = max(1, numbers[0])
        line = self.cells[self.row]
        if private:
            return # modes
        if letter in "Hf":
            self.row = min(self.rows, number) - 1
            self.column = min(self.columns, max(1, numbers[1] if len(numbers) > 1 else 1)) - 1
        elif letter == "d":
            self.row = min(self.rows, number) - 1
        elif letter in "G`":
            self.column = min(self.columns, number) - 1
        elif letter == "A":
            self.row = max(0, self.row - number)
        elif letter == "B":
            self.row = min(self.rows - 1, self.row + number)
        elif letter == "C":
            self.column = min(self.columns - 1, self.column + number)
        elif letter == "D":
            self.column = max(0, self.column - number)
        elif letter == "J":
            if numbers[0] == 2:
                self.cells = [[" "] * self.columns for _ in range(self.rows)]
            else:
                line[self.column:] = [" "] * (self.columns - self.column)
                for below in range(self.row + 1, self.rows):
                    self.cells[below] = [" "] * self.columns
        elif letter == "K":
            begin, end = {0: (self.column, self.columns), 1: (0, self.column + 1), 2: (0, self.columns)}[numbers[0]]
            line[begin:end] = [" "] * (min(end, self.columns) - begin)
        elif letter == "X":
            line[self.column:self.column + number] = [" "] * min(number, self.columns - self.column)
        elif letter == "P":
            del line[self.column:self.column + number]
            line.extend([" "] * (self.columns - len(line)))
        elif letter == "@":
            line[self.column:self.column] = [" "] * number
            del line[self.columns:]
        elif letter == "L":
            for _ in range(number):
                self.cells.insert(self.row, [" "] * self.columns)
                del self.cells[self.bottom + 1]
        elif letter == "M":
            for _ in range(number):
                self.cells.insert(self.bottom + 1, [" "] * self.columns)
                del self.cells[self.row]
        elif letter in "ST":
            for _ in range(number):
                self.cells.insert(self.bottom + 1 if letter == "S" else self.top, [" "] * self.columns)
                del self.cells[self.top if letter == "S" else self.bottom + 1]
        elif letter == "b":
            for _ in range(number):
                self._character(self.last)
        elif letter == "r":
            self.top = number - 1
            self.bottom = (numbers[1] if len(numbers) > 1 and numbers[1] else self.rows) - 1
            self.row = self.column = 0
        elif letter not in "mhlntc":
            fail(f"an unknown sequence: {numbers} {letter}")
