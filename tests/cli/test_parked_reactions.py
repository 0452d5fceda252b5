"""`cairn parked`: what waits under a reaction, which has no rows, is found, skipped and replayed as a model's is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from libs.events.envelope import stream_name
from libs.web.embedded import Embedded
from services.people import wiring as people
from services.people.reactions import COMPLETING, DESTROYING
from tests.cli.parking import beside, hold_up, listed, poison, refused
from tests.product import Product, eventually, inside, start
from tests.told import Told

TOPIC = "people.events"


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """A running product of its own."""
    with start(tmp_path) as product:
        yield product


def waiting(product: Product) -> dict[str, str]:
    """By name of what cannot go on, the id that an operator is told."""
    return {one["projection"]: one["id"] for one in listed(product)}


def test_poison_of_a_reaction_is_told_and_skipped(product: Product) -> None:
    product.person("ann@acme.example")
    poison(product, "people.person-erased.v1", service="people")
    eventually(lambda: {COMPLETING.name, "people.erasures", "goals.erasures"} <= waiting(product).keys(), "all wait")
    found = waiting(product)
    done = inside("parked", "replay", found[COMPLETING.name], "--data", product.data)
    refused(done, "mend")
    assert f"{found[COMPLETING.name]} waits at " in done.stdout
    for name, id in found.items():
        done = inside("parked", "skip", id, "--reason", "A broken import.", "--data", product.data)
        assert (done.returncode, done.stderr, "is free" in done.stdout) == (0, "", True), name
    assert listed(product) == []
    assert inside("status", "--data", product.data).returncode == 0


@pytest.mark.parametrize("running", [True, False], ids=["running", "stopped"])
def test_an_erasure_that_waits_is_carried_out_once_it_is_replayed(product: Product, *, running: bool) -> None:
    """As if the code of a moment ago could not destroy a key."""
    eva = product.person("eva@acme.example")
    boss, other = (product.token(f"{name}@acme.example", "admin") for name in ("boss", "other"))
    hold_up(product, DESTROYING, stream_name("acme", "person", eva))
    with product.client(boss, told=Told()) as asks, product.client(other, told=Told()) as agrees:
        erasure = asks.post(f"/people/{eva}/erase", json={"reason": "She left."}).raise_for_status().json()["id"]
        agrees.post(f"/erasures/{erasure}/confirm").raise_for_status()
        eventually(lambda: applied(product) > 0, "it has passed what waits")
        assert asks.get(f"/erasures/{erasure}").json()["state"] == "confirmed"
    if not running:
        product.stop()
    done = inside("parked", "replay", waiting(product)[DESTROYING.name], "--data", product.data)
    assert (done.returncode, done.stderr, "is free" in done.stdout) == (0, "", True)
    if not running:
        product.restart()
    with product.client(boss, told=Told()) as asks:
        eventually(lambda: state(asks, erasure) == "done", "it is seen through")


def applied(product: Product) -> int:
    """How far the reaction is beyond the first event that waits; negative before that."""

    async def work(parts: Embedded) -> int:
        reads = people.wire(parts).reading.reads
        [parked] = await reads.parked(DESTROYING.name)
        return (await reads.checkpoints(DESTROYING.name, TOPIC, ["acme"]))["acme"].sequence - parked.sequence

    return beside(product, work)


def state(client: httpx2.Client, erasure: str) -> str:
    """How far an erasure is."""
    return str(client.get(f"/erasures/{erasure}").json()["state"])
