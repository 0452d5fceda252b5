"""A random company: people under each other, some away, and goals of every kind among them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from libs.events.catalog.people import AbsencePlanned
from services.goals.read_models import Node, Seen
from tests.access.organisation import TODAY
from tests.goals.queries.company import Company, node
from tests.goals.queries.naive import Rules, days

LABELS = ("Growth", "customers", "Straße", "q3")
WORDS = ("Fewer", "escalations", "faster", "Answers", "in", "support")
UNITS = ("u-1", "u-2", None)
STATES = ("open", "open", "open", "draft", "closed", "cancelled", "archived")


async def populate(company: Company, random: Random, people: int, goals: int) -> Rules:
    """Fills the company; the rules say who sees what."""
    managers = _hire(company, random, people)
    away = {person for person in managers if random.random() < 0.15}
    for person in sorted(away):
        absence = AbsencePlanned(
            person_id=person, absence_id="a", first_day=days(TODAY, -2), last_day=days(TODAY, random.choice((0, 5)))
        )
        company.people.state(f"person/{person}", absence)
    await company.people.fold()
    nodes: dict[str, Node] = {}
    for number in range(goals):
        one = _goal(random, f"g{number:05}", sorted(managers), nodes)
        nodes[one.id] = one
    await company.plant(nodes.values())
    return Rules(managers, company.nodes, TODAY, away)


async def add_strangers(company: Company, random: Random, people: int, goals: int) -> None:
    """People who have nothing to do with the others, and their goals."""
    strangers = [f"s{number:03}" for number in range(people)]
    for number, stranger in enumerate(strangers):
        company.people.add(stranger, strangers[number // 2 - 1] if number > 1 else None)
    await company.people.fold()
    nodes: dict[str, Node] = {}
    for number in range(goals):
        one = _goal(random, f"s{number:05}", strangers, nodes)
        nodes[one.id] = one
    await company.plant(nodes.values())


def _hire(company: Company, random: Random, people: int) -> dict[str, str | None]:
    managers: dict[str, str | None] = {"p00": None}
    company.people.add("p00")
    for number in range(1, people):
        person = f"p{number:02}"
        # A second one at the top, who nobody leads and who leads nobody.
        manager = random.choice(sorted(managers)) if number > 1 else None
        managers[person] = manager if manager != "p01" else "p00"
        company.people.add(person, managers[person])
    return managers


def _goal(random: Random, id: str, people: list[str], nodes: dict[str, Node]) -> Node:
    def maybe(chance: float) -> bool:
        return random.random() < chance

    owner, start = random.choice(people), days(TODAY, random.randint(-400, 300))
    above = random.choice([*nodes.values()][-200:]) if nodes and maybe(0.6) else None
    if above is not None and above.kind == "key_result":
        above = None
    kind = random.choice(("objective", "objective", "key_result", "smart"))
    visibility = random.choice(("public", "team", "private"))
    alignment = random.choice(("accepted", "accepted", "proposed")) if above is not None else "none"
    touched = datetime(2026, 6, 1, tzinfo=UTC) - timedelta(hours=random.randint(0, 60) * 24)
    state = random.choice(STATES)
    fields: dict[str, Any] = {
        "title": " ".join(random.choice(WORDS) for _ in range(random.randint(1, 4))) if maybe(0.95) else None,
        "labels": random.sample(LABELS, random.randint(0, 2)),
        "kind": kind,
        "focus": random.choice(("business", "development", "wellbeing")),
        "unit_id": random.choice(UNITS),
        "contributor_ids": random.sample(people, random.choice((0, 0, 0, 1, 2))),
        "visibility": visibility,
        "seen_by": above.visibility if above is not None and kind == "key_result" else visibility,
        "parent_id": above.id if above is not None else None,
        "alignment": alignment,
        "weight": Decimal(random.randint(0, 5)),
        "progress_driver": random.choice(("manual", "metric", "all", "children", "key_results")),
        "state": state,
        "left": random.choice(("open", "closed")) if state == "archived" else None,
        "seen": Seen("c", TODAY, 2, random.choice(("on_track", "delayed", "off_track"))) if maybe(0.6) else None,
        "last_check_in_at": touched if maybe(0.6) else None,
        "created_at": touched - timedelta(days=3),
        "updated_at": touched,
    }
    if maybe(0.8):
        fields |= {"period_start": start, "period_end": days(start, random.choice((0, 1, 5, 30, 91, 400)))}
    return node(id, owner, **fields)
