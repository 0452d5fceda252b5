"""What a node says of itself: by what lists find it, how bad it stands, since when it is quiet."""

from __future__ import annotations

from datetime import UTC, date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from libs.events.catalog import goals as said
from libs.events.declare import Index, Many, Words
from libs.events.testing import EPOCH
from services.goals.projections import TREE
from services.goals.read_models import DAYS, EDGES, Counts, Node, worst
from tests.goals.tree.telling import Teller, metric


@pytest.fixture
def told() -> Teller:
    told = Teller()
    told.create("top")
    return told


def node(told: Teller, **fields: Any) -> Node:
    told.create("one", **fields)
    return told.node("one")


def test_found_by_each_exact_filter(told: Teller) -> None:
    one = node(
        told,
        parent_id="top",
        kind="smart",
        unit_id="u-1",
        contributor_ids=["bob", "cleo"],
        labels=["Straße", "strasse", "Q2"],
        visibility="team",
    )
    assert sorted(one.facets) == [
        "contributor=bob",
        "contributor=cleo",
        "focus=business",
        "kind=smart",
        "label=q2",
        "label=strasse",
        "owner=ann",
        "parent=top",
        "state=open",
        "status=not_started",
        "unit=u-1",
    ]
    assert one.shelf == "ann"


def test_what_everybody_may_see_is_found_once_more_as_public(told: Teller) -> None:
    one = node(told)
    private = replace(one, seen_by="private")
    assert "root" in private.facets
    assert set(one.facets) == {*private.facets, "public"} | {
        f"public {facet}" for facet in private.facets if facet != "root"
    }
    assert (one.shelf, private.shelf) == ("public", "ann")


def test_only_what_the_tree_shows_as_a_root_is_found_as_one(told: Teller) -> None:
    told.create("one", "top", alignment="proposed")
    assert "root" in told.node("one").facets
    told.tell("one", said.AlignmentAccepted(parent_id="top", weight=Decimal(1)))
    assert "root" not in told.node("one").facets
    told.tell("one", said.AlignmentDetached(parent_id="top"))
    assert "root" in told.node("one").facets
    told.tell("one", said.GoalArchived())
    assert "root" not in told.node("one").facets


def test_a_key_result_is_seen_as_its_parent_is(told: Teller) -> None:
    told.create("one", "top", kind="key_result", alignment="proposed")
    told.create("other", "top", visibility="private")
    told.change("top", visibility="team")
    assert (told.node("one").seen_by, told.node("one").visibility) == ("team", "public")
    assert told.node("other").seen_by == "private"
    told.tell("one", said.AlignmentDeclined(parent_id="top"))
    assert (told.node("one").seen_by, told.node("one").visibility) == ("team", "team"), "leaving shows it to nobody new"
    told.create("closed", visibility="private")
    told.move("one", "closed")
    assert told.node("one").seen_by == "private"
    told.tell("one", said.AlignmentDetached(parent_id="closed", visibility="private"))
    assert (told.node("one").seen_by, told.node("one").visibility) == ("private", "private")
    assert not {"public", "public root"} & set(told.node("one").facets)


def test_the_worst_status_is_the_worst_of_all() -> None:
    assert worst(Counts(not_started=1, on_track=2, delayed=1, off_track=1, done=4)) == "off_track"
    assert worst(Counts(not_started=1, on_track=2, delayed=1, done=4)) == "delayed"
    assert worst(Counts(not_started=1, on_track=2, done=4)) == "on_track"
    assert worst(Counts(not_started=1, done=4)) == "not_started"
    assert worst(Counts(done=4)) == "done"


def test_closed_is_done_also_in_the_archive(told: Teller) -> None:
    told.check_in("top", progress="0.5", status="off_track")
    told.close("top")
    told.tell("top", said.GoalArchived())
    assert (told.node("top").status, told.node("top").state) == ("done", "archived")
    told.tell("top", said.GoalRestored())
    told.reopen("top")
    assert told.node("top").status == "off_track"


def test_quiet_since_the_last_check_in_or_the_creation(told: Teller) -> None:
    one = node(told)
    assert one.quiet_since == one.created_at
    told.later(3)
    told.check_in("one", progress="0.5", ago=2)
    assert told.node("one").quiet_since == told.time


def test_nobody_is_quiet_who_follows_others_or_is_over(told: Teller) -> None:
    told.create("follows", "top")
    told.create("under", "follows")
    told.create("measures", "top", metric=metric("0", "1"), progress_driver="metric")
    told.create("below", "measures")
    told.create("draft", draft=True)
    assert told.node("follows").quiet_since is None
    assert told.node("measures").quiet_since is not None, "it goes by its own measure"
    assert told.node("draft").quiet_since is None
    told.close("under", "1")
    assert told.node("follows").quiet_since is None, "closed goals count still"
    told.tell("under", said.GoalArchived())
    assert told.node("follows").quiet_since is not None
    told.close("follows", "1")
    assert told.node("follows").quiet_since is None


def test_erased_texts_leave_a_node_standing(told: Teller) -> None:
    one = node(told, title=None, labels=[None, "kept"], metric=metric("0", "4", "1"))
    assert (one.title, one.labels, one.own_progress) == (None, ("kept",), 0.25)


def test_days_are_days_of_utc_and_hold_no_personal_text(told: Teller) -> None:
    told.time = EPOCH.replace(hour=23, minute=59, second=58)
    told.check_in("top", progress="0.1")
    told.check_in("top", progress="0.2")
    assert [(day.day, day.progress) for day in told.days("top")] == [
        (date(2026, 1, 5), 0.1),
        (date(2026, 1, 6), 0.2),
    ]
    assert told.node("top").changed_on == told.time.astimezone(UTC).date()
    fields = set(DAYS.row.__struct_fields__)
    assert fields.isdisjoint({"title", "labels", "owner_id", "contributor_ids", "unit_id", "visibility"})


def test_where_a_goal_ever_hung_is_remembered_once(told: Teller) -> None:
    told.create("one", "top", alignment="proposed")
    told.create("other")
    told.move("one", "other")
    told.move("one", "top")
    told.tell("one", said.AlignmentDetached(parent_id="top"))
    edges = {key.id for key in told.rows.rows if key.collection is EDGES and key.id.endswith(".one")}
    assert edges == {"top.one", "root.one", "other.one"}
    fact = told.facts[-1]
    assert not [key for key in told.rows.apply([fact]) if key.collection is EDGES], "it is there already"


def test_every_field_that_is_asked_for_is_there() -> None:
    for collection in TREE.collections:
        for entry in collection.indexes:
            names = entry.fields if isinstance(entry, Index) else (entry.field,)
            assert isinstance(entry, Index | Many | Words)
            assert all(hasattr(collection.row, name) for name in names), (collection.name, names)
