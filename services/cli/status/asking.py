"""Asks the process that serves a data folder how its consumers are: what files cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import msgspec

from libs.events.adapters.sqlite.folder import served_at, served_by
from services.cli.status.shape import Process

PATIENCE = 6.0
"""Seconds: a little more than the process gives its own services."""
_ANYWHERE = {"//0.0.0.0:": "//127.0.0.1:", "//[::]:": "//[::1]:"}
_STORE = "event store"


class Part(msgspec.Struct):
    """How one consumer, or a service's event store, is."""

    state: str
    reason: str | None = None
    failures: int = 0


class _Service(msgspec.Struct):
    parts: dict[str, Part | str] = {}


class _Answer(msgspec.Struct):
    services: dict[str, _Service]


@dataclass(frozen=True)
class Said:
    """Who serves (None: nobody), how each consumer is (by name and topic), why event stores take no appends."""

    process: Process | None = None
    consumers: Mapping[tuple[str, str], Part] = field(default_factory=dict)
    refusing: Mapping[str, str] = field(default_factory=dict)


def ask(folder: Path) -> Said:
    """What there is to hear; waits a few seconds at most."""
    holder, url = served_by(folder), served_at(folder)
    if holder is None:
        return Said()
    answer = None if url is None else _answer(url)
    process = Process(holder=holder, url=url, answers=answer is not None)
    if answer is None:
        return Said(process)
    found: dict[tuple[str, str], Part] = {}
    refusing: dict[str, str] = {}
    for service, said in answer.services.items():
        for name, part in said.parts.items():
            consumer, _, topic = name.partition(" from ")
            if isinstance(part, Part) and topic:
                found[consumer, topic] = part
            elif isinstance(part, Part) and name == _STORE and part.state != "ok":
                refusing[service] = part.reason or part.state
    return Said(process, found, refusing)


def _answer(url: str) -> _Answer | None:
    for anywhere, here in _ANYWHERE.items():
        url = url.replace(anywhere, here)
    try:
        # No proxy of the environment: it is a process of this machine.
        with httpx2.Client(trust_env=False, timeout=PATIENCE) as client:
            return msgspec.json.decode(client.get(f"{url}/readyz").content, type=_Answer)
    except (httpx2.HTTPError, msgspec.DecodeError):
        return None
