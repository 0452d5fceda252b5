"""The replica's rows: what every fact about people and units leaves in them, and what of it holds on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.access.members import LEADS, MEMBERS, NOWHERE, UNITS, Lead, Member, UnitMember, replica
from libs.events.catalog.people import (
    AbsencePlanned,
    AbsenceWithdrawn,
    PersonAdded,
    PersonChanged,
    PersonDeactivated,
    PersonReactivated,
    PositionChanged,
    RoleGranted,
    RoleRevoked,
    UnitChanged,
    UnitCreated,
)
from libs.events.declare import RowKey
from libs.events.testing import fact_of

CANARY = "canary-in-a-personal-field"
JAN, FEB, MAR, APR = (date(2026, month, 1) for month in (1, 2, 3, 4))


def folded(*data: Any, stream: str = "acme/person/ana", rows: dict[RowKey, Any] | None = None) -> dict[RowKey, Any]:
    """All rows after these facts of one stream."""
    found = dict(rows or {})
    for version, one in enumerate(data, start=1):
        fact = fact_of(one, stream=stream, version=version)
        for entry in replica("toys").on:
            if entry.event is type(one):
                for id in entry.rows(fact):
                    key = RowKey(entry.collection, id)
                    found[key] = entry.apply(found.get(key), fact)
    return found


def member(*data: Any) -> Member:
    row = folded(*data)[RowKey(MEMBERS, "ana")]
    assert isinstance(row, Member)
    return row


def added(**fields: Any) -> PersonAdded:
    return PersonAdded(person_id="ana", display_name=CANARY, email=CANARY, job_title=CANARY, **fields)


CHANGED = ["manager_id", "unit_id", "job_title"]


def moved(day: date, manager: str | None = None, unit: str | None = None) -> PositionChanged:
    return PositionChanged(
        person_id="ana", effective_on=day, manager_id=manager, unit_id=unit, job_title=CANARY, changed=CHANGED
    )


def led(row: Member, *days: date) -> list[str | None]:
    return [row.at(day).manager_id for day in days]


def test_a_position_without_a_day_holds_always() -> None:
    row = member(added(manager_id="lead", unit_id="sales"))
    assert (row.at(date.min).manager_id, row.at(date.max).unit_id) == ("lead", "sales")


def test_before_the_first_position_begins_somebody_stands_nowhere() -> None:
    row = member(added(manager_id="lead", unit_id="sales", effective_on=MAR))
    assert led(row, FEB, MAR) == [None, "lead"]
    assert row.at(FEB) == NOWHERE


def test_a_later_position_begins_on_its_day_however_early_it_was_stated() -> None:
    row = member(added(manager_id="lead"), moved(APR, "future"), moved(FEB, "now"))
    assert led(row, JAN, FEB, MAR, APR) == ["lead", "now", "now", "future"]
    assert row.managers == ["lead", "now", "future"]


def test_of_two_positions_of_one_day_the_one_stated_last_holds() -> None:
    row = member(added(manager_id="lead"), moved(FEB, "first", "sales"), moved(FEB, "second"))
    assert led(row, JAN, FEB) == ["lead", "second"]
    assert row.at(FEB).unit_id is None
    replaced = member(added(manager_id="lead", effective_on=FEB), moved(FEB, None, "sales"))
    assert (replaced.managers, replaced.at(FEB).unit_id) == ([], "sales")


@given(st.permutations([(FEB, "b"), (JAN, "a"), (APR, "d"), (MAR, "c"), (MAR, "e"), (FEB, None)]))
def test_positions_hold_as_their_definition_says(stated: list[tuple[date, str | None]]) -> None:
    row = member(added(manager_id="lead"), *(moved(day, manager) for day, manager in stated))
    for day in (date(2025, 12, 31), JAN, FEB, date(2026, 2, 28), MAR, APR, date(2027, 1, 1)):
        begun = [(since, number, who) for number, (since, who) in enumerate(stated) if since <= day]
        assert row.at(day).manager_id == (max(begun)[2] if begun else "lead")
    assert [one.effective_on for one in row.positions] == [None, JAN, FEB, MAR, APR]
    assert set(row.managers) == {one.manager_id for one in row.positions} - {None}


def test_roles_come_and_go() -> None:
    granted, again = RoleGranted(person_id="ana", role="admin"), RoleGranted(person_id="ana", role="admin")
    assert member(added(roles=["service", "service"]), granted, again).roles == ["service", "admin"]
    revoked = RoleRevoked(person_id="ana", role="admin")
    assert member(added(roles=["service"]), granted, again, revoked, revoked).roles == ["service"]


def test_who_leaves_keeps_a_place() -> None:
    gone = member(added(manager_id="lead", roles=["admin"]), PersonDeactivated(person_id="ana"))
    assert (gone.state, gone.at(JAN).manager_id, gone.roles) == ("deactivated", "lead", ["admin"])
    back = member(added(manager_id="lead"), PersonDeactivated(person_id="ana"), PersonReactivated(person_id="ana"))
    assert back == member(added(manager_id="lead"))


def test_an_absence_holds_from_its_first_to_its_last_day() -> None:
    week = AbsencePlanned(person_id="ana", absence_id="w", first_day=date(2026, 2, 2), last_day=date(2026, 2, 6))
    day = AbsencePlanned(person_id="ana", absence_id="d", first_day=date(2026, 1, 5), last_day=date(2026, 1, 5))
    row = member(added(), week, day)
    assert [row.absent_on(date(2026, 2, one)) for one in (1, 2, 6, 7)] == [False, True, True, False]
    assert [row.absent_on(date(2026, 1, one)) for one in (4, 5, 6)] == [False, True, False]
    assert [one.id for one in row.absences] == ["d", "w"]
    back = member(added(), week, day, AbsenceWithdrawn(person_id="ana", absence_id="w"))
    assert [one.id for one in back.absences] == ["d"]
    assert not back.absent_on(date(2026, 2, 2))


def test_who_was_ever_named_as_a_manager_leads() -> None:
    rows = folded(added(manager_id="lead"), moved(APR, "future"), moved(APR, None))
    assert {key.id: row for key, row in rows.items() if key.collection is LEADS} == {
        "lead": Lead(id="lead"),
        "future": Lead(id="future"),
    }
    assert not [key for key in folded(added()) if key.collection is LEADS]


def test_a_unit_is_as_it_was_stated_last() -> None:
    created = UnitCreated(unit_id="sales", name=CANARY, parent_id="all", lead_id="lead")
    changed = UnitChanged(unit_id="sales", name=CANARY, parent_id=None, lead_id="ana", changed=["parent_id"])
    key = RowKey(UNITS, "sales")
    assert folded(created, stream="acme/unit/sales") == {key: UnitMember(id="sales", parent_id="all", lead_id="lead")}
    assert folded(created, changed, stream="acme/unit/sales")[key] == UnitMember(
        id="sales", parent_id=None, lead_id="ana"
    )


def test_no_row_holds_what_a_person_or_unit_is_called() -> None:
    unit = folded(UnitCreated(unit_id="sales", name=CANARY), stream="acme/unit/sales")
    renamed = PersonChanged(person_id="ana", display_name=CANARY, email=CANARY, changed=["email"])
    rows = folded(
        added(manager_id="lead", external_id=CANARY, timezone="Europe/Berlin"), moved(APR), renamed, rows=unit
    )
    for row in rows.values():
        text = msgspec.json.encode(row).decode()
        assert CANARY not in text
        assert "Berlin" not in text


@pytest.mark.parametrize("collection", replica("toys").collections)
def test_rows_come_back_as_they_were_written(collection: Any) -> None:
    created = UnitCreated(unit_id="sales", name=CANARY, parent_id="all")
    away = AbsencePlanned(person_id="ana", absence_id="d", first_day=JAN, last_day=FEB)
    rows = folded(added(manager_id="lead"), moved(APR, "x", "sales"), away, rows=folded(created, stream="a/unit/sales"))
    written = [row for key, row in rows.items() if key.collection == collection]
    assert written
    for row in written:
        assert msgspec.json.decode(msgspec.json.encode(row), type=collection.row) == row
