"""Requests from a process of its own over kept connections: wrk where it is installed, else a bare client of ours."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from time import perf_counter


@dataclass(frozen=True)
class Load:
    """The same request to each of the paths in turn, over `connections` that each wait for their answer."""

    port: int
    paths: Sequence[str]
    headers: Mapping[str, str]
    method: str = "GET"
    body: str = ""
    connections: int = 8
    seconds: float = 1.0
    folder: Path = Path()


def generator() -> str:
    """What makes the load on this machine."""
    return "wrk" if shutil.which("wrk") else "a bare asyncio client"


async def rate(load: Load) -> float:
    """Good answers a second. AssertionError when there was any other answer."""
    return await (_by_wrk(load) if shutil.which("wrk") else _by_client(load))


async def _by_wrk(load: Load) -> float:
    script = load.folder / "wrk.lua"
    script.write_text(_SCRIPT.format(**{name: json.dumps(value) for name, value in _lua(load).items()}))
    # wrk takes whole seconds only.
    seconds = max(1, round(load.seconds))
    arguments = ["-t1", f"-c{load.connections}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{load.port}"]
    process = await asyncio.create_subprocess_exec("wrk", *arguments, stdout=asyncio.subprocess.PIPE)
    said = (await process.communicate())[0].decode()
    found = re.search(r"Requests/sec:\s*([0-9.]+)", said)
    assert process.returncode == 0, said
    assert "Non-2xx" not in said, said
    assert "Socket errors" not in said, said
    assert found is not None, said
    return float(found[1])


_SCRIPT = """
local paths, number = {{}}, 0
for path in string.gmatch({paths}, "[^ ]+") do table.insert(paths, path) end
wrk.method, wrk.body = {method}, {body}
for name, value in string.gmatch({headers}, "([^\\n]-): ([^\\n]*)\\n") do wrk.headers[name] = value end
function request()
  number = number % #paths + 1
  return wrk.format(nil, paths[number])
end
"""


def _lua(load: Load) -> dict[str, str]:
    headers = "".join(f"{name}: {value}\n" for name, value in load.headers.items())
    return {"paths": " ".join(load.paths), "method": load.method, "body": load.body, "headers": headers}


async def _by_client(load: Load) -> float:
    given = json.dumps({**asdict(load), "folder": ""})
    command = [sys.executable, "-m", "tests.bench.load"]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said = (await process.communicate(given.encode()))[0]
    assert process.returncode == 0, said
    return float(said)


class _Connection(asyncio.Protocol):
    """Sends the next request as soon as the answer before it is whole."""

    def __init__(self, requests: cycle[bytes], until: float) -> None:
        self._requests, self._until = requests, until
        self._buffer = b""
        self.answered = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(next(self._requests))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *([0-9]+)", head) if gap else None
        if not gap or length is None or len(body) < int(length[1]):
            return
        if head[9:10] != b"2":
            self._end(AssertionError(self._buffer))
            return
        self._buffer = b""
        self.answered += 1
        if perf_counter() < self._until:
            self._transport.write(next(self._requests))
        else:
            self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionError("the server closed the connection"))

    def _end(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error) if error else self.done.set_result(None)
            self._transport.close()


async def _client(load: Load) -> float:
    fields = "".join(f"{name}: {value}\r\n" for name, value in load.headers.items())
    length = f"content-length: {len(load.body.encode())}\r\n" if load.body else ""
    tail = f" HTTP/1.1\r\nhost: 127.0.0.1\r\n{fields}{length}\r\n{load.body}"
    requests = cycle([f"{load.method} {path}{tail}".encode() for path in load.paths])
    loop, started = asyncio.get_running_loop(), perf_counter()
    made = [
        (await loop.create_connection(lambda: _Connection(requests, started + load.seconds), "127.0.0.1", load.port))[1]
        for _ in range(load.connections)
    ]
    await asyncio.gather(*(one.done for one in made))
    return sum(one.answered for one in made) / (perf_counter() - started)


if __name__ == "__main__":
    print(asyncio.run(_client(Load(**json.load(sys.stdin)))))
