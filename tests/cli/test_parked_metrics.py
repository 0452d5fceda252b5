"""How many keys of a consumer are parked is a gauge: it rises when one is, and falls by a replay and by a skip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.events.declare import ReadModel
from services.goals.projections import GOAL_ROWS, TREE
from tests.cli.parking import TOPIC, hold_up, listed, poison, set_goal
from tests.otlp import Sink, receiving
from tests.product import Product, eventually, inside, start
from tests.told import Told


@pytest.fixture
def sink() -> Iterator[Sink]:
    with receiving() as sink:
        yield sink


@pytest.fixture
def product(tmp_path: Path, sink: Sink) -> Iterator[Product]:
    """A running product that says how it is."""
    with start(tmp_path, **sink.settings) as product:
        yield product


def gauged(sink: Sink, model: ReadModel, keys: int, first: int) -> None:
    """Waits for these figures."""

    def found() -> tuple[float | None, ...]:
        names = ("cairn.parked_keys", "cairn.parked_first_sequence")
        return tuple(sink.gauges.get((name, model.name, TOPIC)) for name in names)

    eventually(lambda: found() == (keys, first), f"{keys} keys of {model.name} are parked, from {first} on")


def test_it_rises_with_poison_and_falls_with_a_skip(product: Product, sink: Sink) -> None:
    owner = product.person("ann@acme.example")
    with product.client(product.token("ann@acme.example"), told=Told()) as client:
        set_goal(client, owner)
        gauged(sink, GOAL_ROWS, 0, 0)
        poison(product)
        gauged(sink, GOAL_ROWS, 1, 2)
        poison(product)
        gauged(sink, GOAL_ROWS, 2, 2)
        # All of a tenant is one key of the tree.
        gauged(sink, TREE, 1, 2)
        first = next(one for one in listed(product) if (one["projection"], one["sequence"]) == (GOAL_ROWS.name, 2))
        skip = ("parked", "skip", first["id"], "--reason", "A broken import.", "--data", product.data)
        assert inside(*skip).returncode == 0
        gauged(sink, GOAL_ROWS, 1, 3)
        gauged(sink, TREE, 1, 2)


def test_it_falls_with_a_replay_and_stays_over_a_restart(product: Product, sink: Sink) -> None:
    owner = product.person("ann@acme.example")
    with product.client(product.token("ann@acme.example"), told=Told()) as client:
        goal = set_goal(client, owner)
        hold_up(product, GOAL_ROWS, f"acme/goal/{goal['id']}")
        assert client.patch(f"/goals/{goal['id']}", json={"title": "held up"}).is_success
        gauged(sink, GOAL_ROWS, 1, 2)
        product.kill()
        sink.gauges.clear()
        product.restart()
        gauged(sink, GOAL_ROWS, 1, 2)
        assert inside("parked", "replay", "--all", "--data", product.data).returncode == 0
        gauged(sink, GOAL_ROWS, 0, 0)
