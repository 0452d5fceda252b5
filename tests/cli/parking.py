"""Poison for a running product, keys that wait as if the code of a moment ago had failed, and what is told of them."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx2

from libs.events import canonical
from libs.events.clock import SystemClock, new_id
from libs.events.declare import Reaction, ReadModel
from libs.events.envelope import Envelope, source_of, stream_name
from libs.events.ports import Append, Command, Commit, Parked
from libs.events.rebuild import Rebuild, Report
from libs.web.embedded import Embedded
from libs.web.service import consumer_of
from services.goals import wiring as goals
from services.people import wiring as people
from tests.product import Product, inside

T = TypeVar("T")
TOPIC = "goals.events"


def beside(product: Product, work: Callable[[Embedded], Awaitable[T]]) -> T:
    """Something done to the same folder by another process, as far as the files can tell."""

    async def opened() -> T:
        parts = Embedded(product._settings())
        try:
            await parts.open_keyring()
            return await work(parts)
        finally:
            await parts.close()

    return asyncio.run(opened())


def poison(product: Product, type: str = "goals.goal-created.v2", *, service: str = "goals") -> str:
    """An event that its class refuses, in a stream of its own; returns the stream."""
    stream = stream_name("acme", "goal", new_id())
    data: Any = {"kind": 7}
    event = Envelope(
        id=new_id(),
        source=source_of(service),
        type=type,
        subject=stream,
        time=SystemClock().now(),
        tenant="acme",
        actor="operator",
        version=1,
        data=data,
    )
    assert canonical.encode(data)

    async def work(parts: Embedded) -> None:
        command = Command(event.id, "", stream, stream, False)
        await parts.folder.event_store(service).append(Append("acme", {stream: 0}, [event], command))

    beside(product, work)
    return stream


def hold_up(product: Product, waits: ReadModel | Reaction, key: str) -> None:
    """A key waits from the tenant's next event on, as if the code of a moment ago could not apply that."""
    service, [topic] = waits.name.partition(".")[0], waits.topics

    async def work(parts: Embedded) -> None:
        reads = {"goals": goals.wire, "people": people.wire}[service](parts).reading.reads
        head = await parts.folder.event_log(service).tenant_head(topic, "acme")
        parked = Parked(waits.name, topic, "acme", key, head.sequence + 1, "ZeroDivisionError")
        owner = await reads.own(waits.name, topic, 0)
        await reads.commit(Commit(owner, owner.offset, [], parked=[parked]))

    beside(product, work)


def rebuilt(product: Product, model: ReadModel) -> Report:
    """A rebuild of a product that is stopped, compared with what served."""

    async def work(parts: Embedded) -> Report:
        generations = parts.folder.read_models("goals", goals.PROJECTIONS)
        log = parts.folder.event_log("goals", "people")
        rebuild = Rebuild(model, generations, log, parts.reader, consumer_of, alone=True)
        return await rebuild.run(lambda stage, done, total: None)

    return beside(product, work)


def listed(product: Product) -> list[dict[str, Any]]:
    """What `list --json` tells."""
    done = inside("parked", "list", "--json", "--data", product.data)
    assert (done.returncode, done.stderr) == (0, "")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def part(product: Product, model: ReadModel) -> dict[str, Any]:
    """What `/readyz` says of a model."""
    found: dict[str, Any] = httpx2.get(f"{product.url}/readyz", timeout=5).json()["services"]["goals"]["parts"]
    told: dict[str, Any] = found[f"{model.name} from {TOPIC}"]
    return told


def set_goal(client: httpx2.Client, owner: str, title: str = "G") -> dict[str, Any]:
    """A goal that is taken."""
    answer = client.post("/goals", json={"title": title, "kind": "objective", "owner_id": owner})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit code 1, and one sentence that says what is wrong."""
    assert done.returncode == 1, done.stdout
    assert done.stderr.startswith("cairn: ")
    for word in words:
        assert word in done.stderr, done.stderr
