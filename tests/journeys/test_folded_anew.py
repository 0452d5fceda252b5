"""The read store is deleted and folded anew from the log: whoever asks what, every answer is the same to the byte."""

from __future__ import annotations

import shutil
from typing import Any

from libs.events.catalog.skipping import Skipped
from libs.events.registry import REGISTRY
from tests.journeys.asking import Askers, unasked
from tests.journeys.company import Company
from tests.journeys.everything import live
from tests.journeys.team import Team
from tests.product import Product


def test_every_answer_is_the_same_from_rows_that_were_folded_anew(
    product: Product, team: Team, company: Company, description: dict[str, Any]
) -> None:
    live(team)
    assert not_written(product, team.tenant) == set(), "the story leaves something out"
    askers = Askers(team, company)
    before = askers.answers()
    assert unasked(description, before) == set()
    assert {one.status for one in before.values()} == {200, 403, 404}
    assert sum(len(one.body) for one in before.values()) > 1_000_000

    assert product.stop() == 0
    shutil.rmtree(product.data / "read")
    product.restart()
    after = askers.answers()
    assert [asked for asked in before.keys() | after.keys() if before.get(asked) != after.get(asked)] == []


def not_written(product: Product, tenant: str) -> set[str]:
    """Events as they are written today that the tenant has none of; operators alone state what is skipped."""
    stored = "SELECT DISTINCT topic FROM stored_events WHERE originator_id LIKE ?"
    written = {name for service in ("goals", "people") for (name,) in product.rows(service, stored, f"{tenant}/%")}
    today = {name for name in REGISTRY if REGISTRY.today(name) is REGISTRY.shape(name)}
    return {name for name in today if not issubclass(REGISTRY.shape(name), Skipped)} - written
