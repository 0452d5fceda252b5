"""A goal's history in words: what each fact did, from what to what, and nothing that is not for everybody."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from libs.events.catalog.goals import (
    AgreementGiven,
    AgreementProposed,
    AlignmentAccepted,
    AlignmentDeclined,
    AlignmentDetached,
    ChangesRequested,
    ExternalRef,
    GoalMoved,
    GoalPublished,
    GoalReopened,
    GoalRestored,
    Metric,
    MilestoneAdded,
    MilestoneChanged,
    MilestoneReached,
    MilestoneRemoved,
    Source,
)
from libs.events.testing import fact_of
from libs.web.answers import answer
from services.goals.domain.state import GOAL_EVENTS, Goal
from services.goals.domain.words import ERASED, Change, describe
from tests.events.samples.examples import EXAMPLES
from tests.goals.facts import (
    ARCHIVED,
    CANCELLED,
    DRAFT,
    QUARTER,
    changed,
    checked_in,
    closed,
    created,
    goal,
    transferred,
)

HUNG: dict[str, Any] = {"parent_id": "g-p", "alignment": "accepted"}
KEY_RESULT: dict[str, Any] = {"kind": "key_result"}
UNDER = created(parent_id="g-p", alignment="proposed")
COUNTS = created(**HUNG)
METRIC = Metric(start=Decimal(50), target=Decimal(40), current=Decimal("48.5"), unit="tickets")
STEP = MilestoneAdded(milestone_id="m-1", author_id="bob", title="Rota", due_on=date(2026, 4, 1))
SEEN = checked_in(status="off_track", value=Decimal(45), note="So.", confidence=Decimal("0.4"))


def told(*history: Any, words: bool = False, erased: tuple[str, ...] = (), **about: Any) -> tuple[str, list[Change]]:
    """What is told of the last of these facts, of which this was `erased`; `about` are `recorded` and `stood`."""
    *before, last = history
    fact = replace(fact_of(last, stream="acme/goal/g-1", version=len(history)), erased=erased)
    return describe(goal(*before), fact, words=words, **{name: fact_of(event) for name, event in about.items()})


def moved(
    to: str | None, before: str | None, alignment: str, weight: int = 1, visibility: str | None = None
) -> GoalMoved:
    """A goal hangs elsewhere, or counts otherwise."""
    hung = {"parent_id": to, "previous_parent_id": before, "alignment": alignment}
    return GoalMoved(**hung, weight=Decimal(weight), visibility=visibility)


def step(title: Any = "Rota", due_on: str = "2026-04-01", reached_on: str | None = None) -> dict[str, Any]:
    """A milestone as it is told."""
    return {"id": "m-1", "title": title, "due_on": due_on, "reached_on": reached_on}


TALES: list[tuple[tuple[Any, ...], str, list[Change]]] = [
    (
        (created(), changed(title="Far fewer")),
        "changed title",
        [("title", "Fewer escalations", "Far fewer")],
    ),
    (
        (created(), changed(weight=Decimal(2), period=QUARTER, contributor_ids=["bob"])),
        "changed weight, period and contributors",
        [
            ("weight", Decimal(1), Decimal(2)),
            ("period", None, {"start": "2026-01-01", "end": "2026-03-31"}),
            ("contributor_ids", [], ["bob"]),
        ],
    ),
    (
        (created(metric=METRIC), changed("metric", metric=None)),
        "changed metric",
        [
            (
                "metric",
                {"start": Decimal(50), "target": Decimal(40), "current": Decimal("48.5"), "unit": "tickets"},
                None,
            )
        ],
    ),
    ((created(), transferred("bob")), "gave it to another owner", [("owner_id", "ada", "bob")]),
    ((DRAFT, GoalPublished()), "published it", [("state", "draft", "open")]),
    (
        (created(), moved("g-p", None, "accepted")),
        "moved it under a parent",
        [("parent_id", None, "g-p"), ("alignment", "none", "accepted")],
    ),
    (
        (created(**KEY_RESULT), moved("g-p", None, "accepted", visibility="private")),
        "moved it under a parent",
        [("parent_id", None, "g-p"), ("alignment", "none", "accepted"), ("visibility", "public", "private")],
    ),
    (
        (created(**KEY_RESULT, **HUNG), AlignmentDetached(parent_id="g-p", visibility="team")),
        "took it out of its parent",
        [("parent_id", "g-p", None), ("alignment", "accepted", "none"), ("visibility", "public", "team")],
    ),
    (
        (created(**KEY_RESULT, **HUNG), AlignmentDeclined(parent_id="g-p")),
        "declined it under the parent",
        [("parent_id", "g-p", None), ("alignment", "accepted", "none"), ("visibility", "public", "team")],
    ),
    (
        (COUNTS, moved("g-2", "g-p", "proposed", 2)),
        "proposed it under a parent",
        [("parent_id", "g-p", "g-2"), ("alignment", "accepted", "proposed"), ("weight", Decimal(1), Decimal(2))],
    ),
    (
        (COUNTS, moved(None, "g-p", "none")),
        "made it a goal of its own",
        [("parent_id", "g-p", None), ("alignment", "accepted", "none")],
    ),
    ((COUNTS, moved("g-p", "g-p", "accepted", 2)), "changed its weight", [("weight", Decimal(1), Decimal(2))]),
    (
        (UNDER, moved("g-p", "g-p", "accepted")),
        "accepted it under its parent",
        [("alignment", "proposed", "accepted")],
    ),
    (
        (UNDER, AlignmentAccepted(parent_id="g-p", weight=Decimal(1))),
        "accepted it under its parent",
        [("alignment", "proposed", "accepted")],
    ),
    (
        (COUNTS, AlignmentAccepted(parent_id="g-p", weight=Decimal(2))),
        "changed its weight",
        [("weight", Decimal(1), Decimal(2))],
    ),
    (
        (UNDER, AlignmentDeclined(parent_id="g-p")),
        "declined it under the parent",
        [("parent_id", "g-p", None), ("alignment", "proposed", "none")],
    ),
    (
        (COUNTS, AlignmentDetached(parent_id="g-p")),
        "took it out of its parent",
        [("parent_id", "g-p", None), ("alignment", "accepted", "none")],
    ),
    (
        (created(), closed()),
        "closed it as achieved",
        [("state", "open", "closed"), ("judged", None, Decimal("0.8")), ("outcome", None, "achieved")],
    ),
    (
        (created(), closed(score=Decimal("0.8")), GoalReopened(author_id="ada", reason="x")),
        "reopened it",
        [
            ("state", "closed", "open"),
            ("score", Decimal("0.8"), None),
            ("judged", Decimal("0.8"), None),
            ("outcome", "achieved", None),
        ],
    ),
    ((created(), CANCELLED), "cancelled it", [("state", "open", "cancelled")]),
    ((created(), ARCHIVED), "archived it", [("state", "open", "archived")]),
    ((DRAFT, ARCHIVED, GoalRestored()), "restored it", [("state", "archived", "draft")]),
    ((created(), STEP), "added a milestone", [("milestone", None, step())]),
    (
        (created(), STEP, MilestoneReached(milestone_id="m-1", reached_on=date(2026, 3, 30))),
        "reached a milestone",
        [("milestone", step(), step(reached_on="2026-03-30"))],
    ),
    (
        (created(), STEP, MilestoneChanged(milestone_id="m-1", author_id="b", title=None, due_on=date(2026, 4, 2))),
        "changed a milestone",
        [("milestone", step(), step(ERASED, "2026-04-02"))],
    ),
    ((created(), STEP, MilestoneRemoved(milestone_id="m-1")), "removed a milestone", [("milestone", step(), None)]),
    (
        (created(), SEEN),
        "checked in as off track",
        [("status", None, "off_track"), ("observed_on", None, "2026-03-10"), ("value", None, Decimal(45))],
    ),
]


@pytest.mark.parametrize(("history", "phrase", "changes"), TALES)
def test_each_fact_is_told(history: tuple[Any, ...], phrase: str, changes: list[Change]) -> None:
    assert told(*history) == (phrase, changes)


def test_a_new_goal_is_told_with_all_that_it_is() -> None:
    reference = ExternalRef(system="tracker", id="7")
    phrase, changes = told(created(parent_id="g-p", alignment="proposed", draft=True, external_ref=reference))
    assert phrase == "drafted the goal"
    assert all(before is None for _, before, _ in changes)
    assert {name: now for name, _, now in changes} == {
        "kind": "objective",
        "title": "Fewer escalations",
        "owner_id": "ada",
        "weight": Decimal(1),
        "progress_driver": "all",
        "clamp": True,
        "commitment": "aspirational",
        "focus": "business",
        "visibility": "public",
        "external_ref": {"system": "tracker", "id": "7", "url": None},
        "parent_id": "g-p",
        "alignment": "proposed",
        "state": "draft",
    }
    assert told(created())[0] == "set the goal"


def test_an_agreement_is_told_step_by_step() -> None:
    proposed = AgreementProposed(author_id="ada", part="owner", complete=False, note="As we said.")
    given = AgreementGiven(author_id="mia", part="manager", complete=True)
    objected = ChangesRequested(author_id="mia", part="manager", note="Less.")
    assert told(created(), proposed) == (
        "proposed it for agreement as the owner",
        [("agreement", "none", "proposed")],
    )
    assert told(created(), proposed, given) == ("agreed to it as the manager", [("agreement", "proposed", "agreed")])
    assert told(created(), proposed, objected) == (
        "asked for changes as the manager",
        [("agreement", "proposed", "changes_requested")],
    )
    alone = AgreementProposed(author_id="ada", part="owner", complete=True)
    assert told(created(), alone) == ("agreed to it as the owner", [("agreement", "none", "agreed")])
    assert told(created(), proposed, given, changed(title="Anew"))[1][-1] == ("agreement", "agreed", "proposed")


# --- who may read words -----------------------------------------------------------------------------------------

SECRET = ("confidence", "note", "adjustments", "support_needed", "blockers", "source", "reason", "reflection")
LAST = {type(event): event for name, event in sorted(EXAMPLES.items()) if type(event) in GOAL_EVENTS}


def text_of(event: Any) -> set[str]:
    """Every text of an event that only some may read."""
    said = {getattr(event, name, None) for name in SECRET}
    return {one.url if isinstance(one, Source) else str(one) for one in said if one is not None}


def as_answered(tale: tuple[str, list[Change]]) -> str:
    """What is told as the JSON of an answer."""
    return bytes(answer(tale).body).decode()


@pytest.mark.parametrize("event", GOAL_EVENTS, ids=lambda event: event.__name__)
def test_every_fact_is_told_as_json_without_words(event: type) -> None:
    before = goal(created(), STEP)
    fact = fact_of(LAST[event], stream="acme/goal/g-1", version=3)
    told_bare = as_answered(describe(before, fact))
    told_full = as_answered(describe(before, fact, words=True))
    phrase, changes = json.loads(told_bare)
    assert phrase[0].islower()
    assert not any(name in SECRET for name, _, _ in changes)
    texts = {text for text in text_of(LAST[event]) if not text.replace(".", "").isdigit()}
    assert not any(text in told_bare for text in texts)
    assert all(text in told_full for text in texts)


def test_words_are_told_to_who_may_read_them() -> None:
    assert told(created(), CANCELLED, words=True)[1] == [("state", "open", "cancelled"), ("reason", None, "Sold.")]
    assert ("reflection", None, "Luck.") in told(created(), closed(reflection="Luck."), words=True)[1]
    names = [name for name, _, _ in told(created(), SEEN, words=True)[1]]
    assert names == ["status", "observed_on", "value", "confidence", "note"]


def test_telling_changes_nothing() -> None:
    before: Goal = goal(created())
    kept = msgspec.json.encode(before)
    describe(before, fact_of(closed(), version=2))
    assert msgspec.json.encode(before) == kept
