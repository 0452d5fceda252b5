"""What holds of every route alike: repeats, versions, positions. The routes are those of the description."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.journeys.described import operations
from tests.journeys.prepared import Prepared, ask, prepare
from tests.journeys.refusals import refused_well
from tests.journeys.team import Team
from tests.product import Product

SAID = ("Location", "ETag", "Cairn-Position", "Content-Type")
"""Headers that a repeat says again."""


@pytest.fixture
def prepared(product: Product, description: dict[str, Any]) -> Prepared:
    """A tenant for each of these, because they do everything."""
    return prepare(Team(product), operations(description))


def test_a_command_repeated_with_its_key_happens_once_and_answers_alike(
    product: Product, prepared: Prepared, description: dict[str, Any]
) -> None:
    commands = [one for one in operations(description) if one.startswith("POST ")]
    assert len(commands) > 20
    for number, operation in enumerate(commands):
        key = {"Idempotency-Key": f"command-{number}"}
        first = ask(prepared, description, operation, **key)
        assert first.status_code in (200, 201), f"{operation}: {first.text}"
        assert "ETag" in first.headers, operation
        assert "Cairn-Position" in first.headers, operation
        written = product.written()
        again = ask(prepared, description, operation, **key)
        assert product.written() == written, operation
        assert (again.status_code, again.json()) == (first.status_code, first.json()), operation
        assert [again.headers.get(name) for name in SAID] == [first.headers.get(name) for name in SAID], operation
        # With the service that has it, the key is that command's.
        other = next(one for one in commands if one != operation and of_goals(one) == of_goals(operation))
        refused_well(ask(prepared, description, other, **key), 422, "idempotency_key_reused")


def of_goals(operation: str) -> bool:
    return "/goals" in operation or "/support-requests" in operation


def test_a_version_that_is_not_current_keeps_every_write_from_happening(
    product: Product, prepared: Prepared, description: dict[str, Any]
) -> None:
    written = product.written()
    writes = [one for one in operations(description) if not one.startswith("GET ")]
    assert len(writes) > 30
    for operation in writes:
        refused_well(ask(prepared, description, operation, **{"If-Match": '"9999"'}), 412, "precondition_failed")
        assert product.written() == written, operation


def test_every_route_waits_for_the_position_that_it_is_asked_after(
    product: Product, prepared: Prepared, description: dict[str, Any]
) -> None:
    written = product.written()
    ahead = {"Cairn-After": "people:1000000"}
    routes = list(operations(description))
    # All of them wait at the same time.
    with ThreadPoolExecutor(len(routes)) as pool:
        asked = [pool.submit(ask, prepared, description, operation, **ahead) for operation in routes]
        for operation, answer in zip(routes, asked, strict=True):
            refused_well(answer.result(), 503, "not_caught_up")
            assert int(answer.result().headers["Retry-After"]) > 0, operation
    assert product.written() == written
