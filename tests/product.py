"""The product as its users meet it: a real `cairn up` on a free port and a folder of its own, asked over HTTP.

`start` gives it until the block ends, `Product.kill` ends it as a power cut would, `Product.restart` brings it back on
the same folder and port. Quotas are off unless the test sets them.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
from typer.testing import CliRunner

from libs.access.tokens import DevelopmentIssuer, load_signing_key
from libs.events.clock import SystemClock
from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings
from services.cli import app
from services.people import wiring as people
from tests.told import Told

CAIRN = Path(sys.executable).with_name("cairn")
API = "/api/v1"
SOON = 20.0
"""Seconds that anything may take that is expected to happen at once, on a machine with other things to do."""


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without settings of Cairn or telemetry, quotas off, and then `settings`."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("CAIRN_", "OTEL_"))}
    return {**plain, "CAIRN_QUOTA_PRINCIPAL": "0", "CAIRN_QUOTA_TENANT": "0", **settings}


def run(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """One `cairn …` to its end, with what it wrote; never from a folder that has data of its own."""
    return subprocess.run(
        [CAIRN, *arguments],
        env=environment(**settings),
        cwd=Path(CAIRN).parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def inside(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """The same within this process, which spares the second that a start takes; not for `up`, which changes it."""
    plain: dict[str, str | None] = dict.fromkeys(os.environ.keys() - environment().keys())
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={**plain, **settings})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)


def free_port() -> int:
    """A port nobody listens on, below those that outgoing connections take: a client cannot meet itself there."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def eventually(holds: Callable[[], Any], what: str, within: float = SOON) -> Any:
    """Asks until the answer counts as true, and returns it; fails with `what` after `within` seconds."""
    deadline = time.monotonic() + within
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not within {within} s: {what}"
        time.sleep(0.02)
    return found


@dataclass
class Product:
    """One installation and its process, if one is running."""

    data: Path
    port: int
    settings: Mapping[str, str]
    arguments: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    people: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What all its processes wrote."""
        return self.data.with_name(f"{self.data.name}.log")

    def launch(self) -> None:
        """Starts the process and does not wait for it."""
        assert self.process is None or self.process.poll() is not None, "it is running already"
        command = [CAIRN, "up", "--data", self.data, "--port", str(self.port), *self.arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=environment(**self.settings), cwd=self.data.parent, stdout=log, stderr=log
            )
        self.starts += 1

    def ready(self) -> bool:
        """Whether it says that it is ready now. Fails at once when the process has ended."""
        assert self.process is not None, "it was not started"
        assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.words()}"
        with suppress(httpx2.TransportError):
            return httpx2.get(f"{self.url}/readyz", timeout=5).status_code == 200
        return False

    def restart(self) -> None:
        """Starts it and waits until it is ready."""
        self.launch()
        eventually(self.ready, "cairn up is ready")

    def kill(self) -> None:
        """Ends it without a warning (SIGKILL)."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(SOON)

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to end, and returns its exit code (negative: the signal it died of)."""
        assert self.process is not None
        self.process.send_signal(with_signal)
        return self.process.wait(SOON)

    def words(self) -> str:
        """The last of what it wrote."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def person(self, email: str, *roles: str, tenant: str = "acme") -> str:
        """The id of a person, who is added when the address is unknown; beside the running process."""
        known = self.people.get((tenant, email))
        if known is None or roles:
            known = self.people[tenant, email] = asyncio.run(self._identify(tenant, email, roles))
        return known

    def token(self, email: str, *roles: str, tenant: str = "acme", hours: float = 1) -> str:
        """A token for a person, who is added when the address is unknown; beside the running process."""
        person_id = self.person(email, *roles, tenant=tenant)
        return self.issue(person_id, tenant=tenant, hours=hours)

    def issue(self, person_id: str, *, tenant: str = "acme", hours: float = 1) -> str:
        """A token signed by this installation, for anybody."""
        issuer = DevelopmentIssuer(load_signing_key(self.data / "development-tokens.key"))
        return issuer.issue(tenant, person_id, now=SystemClock().now(), ttl=timedelta(hours=hours))

    def client(self, token: str | None = None, *, told: Told | None = None) -> httpx2.Client:
        """A client of the API: paths go below `/api/v1`; it asks for what those know who share `told`. Close it."""
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        client = httpx2.Client(base_url=self.url + API, headers=headers, timeout=30)
        if told is not None:
            client.event_hooks = {"request": [told.ask], "response": [told.hear]}
        return client

    def written(self) -> dict[str, tuple[int, int]]:
        """By service, how many events and how many remembered commands there are."""
        return {
            path.stem: (ask(path, "SELECT count(*) FROM stored_events"), ask(path, "SELECT count(*) FROM commands"))
            for path in sorted(self.data.glob("events/*.db"))
        }

    def heads(self, tenant: str) -> list[str]:
        """The positions of all that a tenant has written, for `Cairn-After`."""
        head = "SELECT sequence FROM heads WHERE tenant=?"
        found = {path.stem: rows(path, head, tenant) for path in sorted(self.data.glob("events/*.db"))}
        return [f"{service}:{sequence}" for service, there in found.items() for (sequence,) in there]

    def rows(self, service: str, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Rows of a service's event store."""
        return rows(self.data / "events" / f"{service}.db", sql, *parameters)

    async def _identify(self, tenant: str, email: str, roles: Sequence[str]) -> str:
        parts = Embedded(self._settings())
        try:
            await parts.open_keyring()
            return str(await people.wire(parts).handlers.identify(tenant, None, email, list(roles)))
        finally:
            await parts.close()

    def _settings(self) -> ServiceSettings:
        key = self.settings.get("CAIRN_KEY_ENCRYPTION_KEY")
        return ServiceSettings(data_dir=self.data, key_encryption_key=key, oidc_issuers=())


def rows(path: Path, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    """Rows of a SQLite file that another process may be writing; changes nothing."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=SOON)
    try:
        return connection.execute(sql, parameters).fetchall()
    finally:
        connection.close()


def ask(path: Path, sql: str, *parameters: object) -> Any:
    """The one value that a query gives."""
    [(value,)] = rows(path, sql, *parameters)
    return value


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Holds a SQLite file's one write lock, as another process would."""
    connection = sqlite3.connect(path, timeout=SOON, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
    finally:
        connection.close()


@contextmanager
def start(folder: Path, *arguments: str, **settings: str) -> Iterator[Product]:
    """A running product with its data in `folder/data`; killed at the end if it still runs."""
    product = Product(folder / "data", free_port(), settings, arguments)
    try:
        product.restart()
        yield product
    finally:
        if product.process is not None and product.process.poll() is None:
            product.kill()
