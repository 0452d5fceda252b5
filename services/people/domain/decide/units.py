"""What follows from a command about a unit, given its state: the facts, or the rule that it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from libs.events.catalog.people import UnitChanged, UnitCreated, UnitRef
from services.people.domain.commands import ChangeUnit, CreateUnit, Reference
from services.people.domain.decide import texts
from services.people.domain.decide.around import check_lead
from services.people.domain.errors import UnitNotFound, UnknownUnit
from services.people.domain.state import Person, Unit

_ALL = ("name", "parent_id", "lead_id", "external_ref")


def create_unit(command: CreateUnit, unit_id: str, parent: Unit, lead: Person) -> Sequence[UnitCreated]:
    """A new unit; `parent` and `lead` are what the command names. Raises UnknownUnit, UnknownLead."""
    if command.parent_id is not None:
        _check_parent(parent)
    if command.lead_id is not None:
        check_lead(lead)
    created = UnitCreated(
        unit_id=unit_id,
        name=command.name,
        parent_id=command.parent_id,
        lead_id=command.lead_id,
        external_ref=_ref(command.external_ref),
    )
    return (created,)


def change_unit(unit: Unit, command: ChangeUnit, parent: Unit, lead: Person) -> Sequence[UnitChanged]:
    """What of a unit is another now; nothing for what is so already.

    Raises UnitNotFound, UnknownUnit, UnknownLead, IncompleteReference. That it does not belong to itself is the units
    guard's.
    """
    if unit.version == 0:
        raise UnitNotFound
    after = unit_after(unit, command)
    changed = [name for name in _ALL if after[name] != getattr(unit, name)]
    if "parent_id" in changed and after["parent_id"] is not None:
        _check_parent(parent)
    if "lead_id" in changed and after["lead_id"] is not None:
        check_lead(lead)
    return (UnitChanged(unit_id=unit.id, **after, changed=changed),) if changed else ()


def unit_after(unit: Unit, command: ChangeUnit) -> dict[str, Any]:
    """What a unit will be. Raises IncompleteReference."""
    after = {name: command.changes.get(name, getattr(unit, name)) for name in _ALL}
    if "external_ref" in command.changes:
        after["external_ref"] = _ref(texts.merged(unit.external_ref, command.changes["external_ref"]))
    return after


def _check_parent(parent: Unit) -> None:
    if parent.version == 0:
        raise UnknownUnit


def _ref(reference: Reference | None) -> UnitRef | None:
    return UnitRef(system=reference.system, id=reference.id, url=reference.url) if reference is not None else None
