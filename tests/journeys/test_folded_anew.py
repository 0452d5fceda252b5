"""The read store is deleted and folded anew from the log: whoever asks what, every answer is the same to the byte."""

from __future__ import annotations

import shutil

from libs.events.registry import REGISTRY
from tests.journeys.company import Company
from tests.journeys.everything import Askers, live
from tests.journeys.team import Team
from tests.product import Product


def test_every_answer_is_the_same_from_rows_that_were_folded_anew(
    product: Product, team: Team, company: Company
) -> None:
    live(team)
    assert not_written(product, team.tenant) == set(), "the story leaves something out"
    askers = Askers(team, company)
    before = askers.answers()
    assert len(before) > 800
    assert {status for status, *_ in before.values()} == {200, 403, 404}
    assert sum(len(body) for *_, body in before.values()) > 1_000_000

    assert product.stop() == 0
    shutil.rmtree(product.data / "read")
    product.restart()
    after = askers.answers()
    assert [asked for asked in before if before[asked] != after[asked]] == []


def not_written(product: Product, tenant: str) -> set[str]:
    """Events as they are written today that the tenant has none of."""
    stored = "SELECT DISTINCT topic FROM stored_events WHERE originator_id LIKE ?"
    written = {name for service in ("goals", "people") for (name,) in product.rows(service, stored, f"{tenant}/%")}
    return {name for name in REGISTRY if REGISTRY.today(name) is REGISTRY.shape(name)} - written
