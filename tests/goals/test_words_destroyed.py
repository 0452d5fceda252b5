"""A history in words of which some were destroyed: that something was said is told, and where."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec.structs import replace

from libs.events.catalog.goals import MilestoneChanged, Source
from libs.events.testing import fact_of
from services.goals.domain.words import ERASED, describe, erased_in, shown
from tests.goals.facts import CANCELLED, changed, checked_in, created, goal, transferred
from tests.goals.test_words import METRIC, STEP, step, told


def test_what_was_destroyed_before_a_transfer_does_not_come_back_with_it() -> None:
    before = msgspec.structs.replace(goal(created()), title=None)
    phrase, changes = describe(before, fact_of(transferred("bob"), stream="acme/goal/g-1", version=2))
    assert (phrase, changes) == ("gave it to another owner", [("owner_id", "ada", "bob")])


def test_what_was_destroyed_is_told_in_its_place() -> None:
    lost = created(
        title=None, description=None, labels=[None, "kept"], metric=msgspec.structs.replace(METRIC, unit=None)
    )
    paths = ("title", "description", "labels.0", "metric.unit")
    unit = {"start": Decimal(50), "target": Decimal(40), "current": Decimal("48.5"), "unit": ERASED}
    found = {name: now for name, _, now in told(lost, erased=paths)[1]}
    assert {name: found[name] for name in ("title", "description", "labels", "metric")} == {
        "title": ERASED,
        "description": ERASED,
        "labels": [ERASED, "kept"],
        "metric": unit,
    }
    silent = {name for name, _, _ in told(created())[1]}
    assert "description" not in silent, "nothing was said, so nothing was destroyed"
    before = msgspec.structs.replace(goal(lost), erased=list(paths))
    renamed = replace(fact_of(changed("title", title=None), version=2), erased=("title",))
    assert describe(before, renamed)[1] == [("title", ERASED, ERASED)]
    cancelled = msgspec.structs.replace(CANCELLED, reason=None)
    assert ("reason", None, ERASED) in told(created(), cancelled, erased=("reason",), words=True)[1]
    lost_step = msgspec.structs.replace(STEP, title=None)
    renamed_step = MilestoneChanged(milestone_id="m-1", author_id="bob", title=None, due_on=STEP.due_on)
    both = told(created(), lost_step, renamed_step, erased=("title",))[1]
    assert both == [("milestone", step(ERASED), step(ERASED))]
    source = Source(system="tracker", url=None)
    seen = checked_in(note=None, source=source)
    said = told(created(), seen, erased=("note", "source.url"), words=True)[1]
    assert said[-2:] == [("note", None, ERASED), ("source", None, {"system": "tracker", "url": ERASED})]
    assert [name for name, _, _ in told(created(), seen, erased=())[1]] == ["status", "observed_on"]


def test_what_was_destroyed_is_found_and_answered_as_null() -> None:
    said = [{"unit": ERASED, "start": Decimal(1)}, [ERASED, "kept", [ERASED]], ERASED, None, "x"]
    assert list(erased_in(said, "to")) == ["to.0.unit", "to.1.0", "to.1.2.0", "to.2"]
    assert shown(said) == [{"unit": None, "start": Decimal(1)}, [None, "kept", [None]], None, None, "x"]
