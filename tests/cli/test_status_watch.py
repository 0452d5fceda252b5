"""`cairn status --watch`: drawn again every second on a terminal, a block a second anywhere else, until Ctrl-C."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from contextlib import closing
from fcntl import ioctl
from pathlib import Path

from tests.cli.installations import change
from tests.product import CAIRN, SOON, environment

_SEEN = re.compile(rb"Cairn in \S+\s*, (\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ)")


def watched(data: Path, *flags: str, output: int) -> subprocess.Popen[bytes]:
    """`cairn status --watch`, begun."""
    command = [CAIRN, "status", "--watch", "--data", data, *flags]
    return subprocess.Popen(command, stdout=output, stderr=subprocess.PIPE, env=environment(TERM="xterm-256color"))


def read_until(descriptor: int, enough: Callable[[bytes], bool]) -> bytes:
    """What it wrote until that is enough."""
    said, deadline = b"", time.monotonic() + SOON
    while not enough(said):
        assert time.monotonic() < deadline, said
        if select.select([descriptor], [], [], 0.2)[0]:
            said += os.read(descriptor, 65536)
    return said


def ended(process: subprocess.Popen[bytes]) -> tuple[int, bytes]:
    """Its exit code after Ctrl-C, and what it said on standard error."""
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=SOON)
    return process.returncode, errors


def test_a_terminal_is_drawn_again(data: Path) -> None:
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 140, 0, 0))
    process = watched(data, output=theirs)
    try:
        said = read_until(ours, lambda said: len(set(_SEEN.findall(said))) >= 3)
        assert b"\x1b[" in said, "the screen is drawn over"
        assert b"goals.tree" in said
        assert said.count(b"All is well.") >= 2
        assert ended(process) == (0, b"")
    finally:
        process.kill()
        os.close(theirs)
        os.close(ours)


def test_a_small_terminal_shows_what_needs_somebody(data: Path) -> None:
    """What does not fit is cut off below."""
    change(data / "read/goals.db", "UPDATE generations SET version=0 WHERE model='goals.tree'")
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 12, 140, 0, 0))
    process = watched(data, output=theirs)
    try:
        said = read_until(ours, lambda said: len(set(_SEEN.findall(said))) >= 2)
        assert b"goals.tree serves rows of version 0" in said
        assert b"goals.erasures" not in said, "all of it fits"
        assert ended(process)[0] == 1
    finally:
        process.kill()
        os.close(theirs)
        os.close(ours)


def test_elsewhere_blocks_follow_each_other(data: Path) -> None:
    change(data / "read/goals.db", "UPDATE generations SET version=0 WHERE model='goals.tree'")
    process = watched(data, output=subprocess.PIPE)
    assert process.stdout is not None
    with closing(process.stdout):
        said = read_until(process.stdout.fileno(), lambda said: len(set(_SEEN.findall(said))) >= 2)
        assert b"\x1b" not in said
        assert b"rebuild goals.tree" in said.partition(b"\n\nCairn in")[0]
        # What was seen last needs an operator.
        process.send_signal(signal.SIGINT)
        assert process.wait(SOON) == 1


def test_json_is_a_line_a_second(data: Path) -> None:
    process = watched(data, "--json", output=subprocess.PIPE)
    assert process.stdout is not None
    with closing(process.stdout):
        said = read_until(process.stdout.fileno(), lambda said: said.count(b"\n") >= 2)
        first, second = [json.loads(line) for line in said.splitlines()[:2]]
        assert first["at"] < second["at"]
        process.send_signal(signal.SIGINT)
        assert process.wait(SOON) == 0
