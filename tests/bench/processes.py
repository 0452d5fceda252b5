"""The servers that are measured, each a process of its own; whoever has no turn stands still and costs nothing."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from libs.events.testing import eventually
from tests.bench.load import Load, rate

START_SECONDS = 30.0
STOP_SECONDS = 15.0
QUOTAS = {"CAIRN_QUOTA_PRINCIPAL": "1000000", "CAIRN_QUOTA_TENANT": "1000000"}
"""Quotas are counted, and never reached."""


@dataclass
class Server:
    """A started process, the port that it said it listens on, and what its measured turns came to."""

    pid: int
    port: int
    busy: float = 0.0
    answers: float = 0.0
    total: float = 0.0
    """All good answers so far, the forgotten ones too."""

    async def measured(self, load: Load) -> float:
        """Good answers a second of a load in a turn of this server, counted with its other turns."""
        with self.turn():
            before = self.processor()
            found = await rate(load)
            self.busy += self.processor() - before
        self.answers += found * load.seconds
        self.total += found * load.seconds
        return found

    @property
    def cost(self) -> float:
        """Milliseconds of processor time of an answer, over all measured turns."""
        return 1e3 * self.busy / self.answers

    def forget(self) -> None:
        """What comes now is something else: count anew."""
        self.busy = self.answers = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Runs for the time of the block, then stands still."""
        os.kill(self.pid, signal.SIGCONT)
        try:
            yield
        finally:
            os.kill(self.pid, signal.SIGSTOP)

    def processor(self) -> float:
        """Seconds of processor time that it has used so far, all threads, in user and system mode."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Resident bytes now."""
        return self._resident("VmRSS")

    def peak(self) -> int:
        """Resident bytes at the most that there ever were."""
        return self._resident("VmHWM")

    def _resident(self, name: str) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        [line] = [line for line in lines if line.startswith(f"{name}:")]
        return int(line.split()[1]) * 1024


@asynccontextmanager
async def server(command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> AsyncIterator[Server]:
    """Starts a command that says `at http://host:port` on its standard output; `log` takes its standard error."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "CAIRN_"))}
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=errors, env={**inherited, **(env or {})}
        )
    try:
        port = await asyncio.wait_for(_port(process, log), START_SECONDS)
        await eventually(lambda: _listens(port))
        yield Server(process.pid, port)
    finally:
        await _end(process)


def cairn(data: Path, env: Mapping[str, str] | None = None) -> tuple[list[str], Path, dict[str, str]]:
    """`cairn up` as an operator starts it, for `server`."""
    command = [str(Path(sys.executable).with_name("cairn")), "up", "--data", str(data), "--port", "0"]
    return command, data.with_suffix(".log"), {**QUOTAS, **(env or {})}


def module(name: str, folder: Path, *arguments: str) -> tuple[list[str], Path]:
    """A module of this package, for `server`."""
    return [sys.executable, "-m", f"tests.bench.{name}", *arguments], folder / f"{name}.log"


async def _port(process: asyncio.subprocess.Process, log: Path) -> int:
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        if found := re.search(r"at http://[^ ]+:([0-9]+)", line):
            return int(found[1])
    raise AssertionError(f"a server did not start: {log.read_text()[-2000:]}")


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGCONT)
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
