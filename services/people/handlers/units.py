"""Commands of units: administrators give them; each goes to the unit's stream, its place in the tree past a guard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from libs.access.directory import Asker
from libs.events.caller import Caller
from libs.events.catalog.people import UnitTreeChanged
from libs.events.claims import Claims, Record, RecordName
from libs.events.envelope import stream_name
from libs.events.handle import Guard, Kernel, Outcome
from services.people.domain import decide
from services.people.domain.commands import ChangeUnit, CreateUnit, Reference
from services.people.domain.errors import ReferenceTaken, UnitCycle, UnitNotFound
from services.people.domain.state import PERSON, UNIT, UNIT_TREE, Claim, Person, Unit
from services.people.handlers.guarding import Above, no_circle, pinned, references
from services.people.rights import PeopleRights

_NOT_CHANGING = "Only an administrator makes and changes units. Ask one, or use an administrator's token."


@dataclass(frozen=True)
class UnitHandlers:
    """One method a command; each returns how it ended and raises a DomainError when it is refused."""

    kernel: Kernel
    reference_name: RecordName
    rights: PeopleRights

    async def create_unit(self, asker: Asker, caller: Caller, command: CreateUnit) -> Outcome:
        """Administrators make units."""
        self.rights.demand(asker, "unit.create", _NOT_CHANGING)
        unit_id = self.kernel.new_id()
        parent, lead = Unit(), Person()

        async def guards() -> Sequence[Guard]:
            nonlocal parent, lead
            found = await self._references.moved(caller.tenant, unit_id, None, command.external_ref)
            parent, above = await pinned(self.kernel, UNIT, caller.tenant, command.parent_id)
            lead, leading = await pinned(self.kernel, PERSON, caller.tenant, command.lead_id)
            return [*found, *above, *leading]

        return await self.kernel.handle(
            UNIT,
            unit_id,
            caller,
            lambda _: decide.create_unit(command, unit_id, parent, lead),
            guards=guards,
            created=True,
        )

    async def put_unit(
        self,
        asker: Asker,
        caller: Caller,
        reference: Reference,
        command: CreateUnit,
        change: Callable[[str], ChangeUnit],
    ) -> Outcome:
        """Makes what stands for a record of another system, or changes it: `change` makes that command for an id."""
        self.rights.demand(asker, "unit.change", _NOT_CHANGING)
        holder = (await self._references.holder(caller.tenant, reference)).holder
        if holder is None:
            try:
                return await self.create_unit(asker, caller, command)
            except ReferenceTaken:
                # Somebody else put the same record since this one looked.
                holder = (await self._references.holder(caller.tenant, reference)).holder
                if holder is None:
                    raise
        return await self.change_unit(asker, caller, change(holder))

    async def change_unit(self, asker: Asker, caller: Caller, command: ChangeUnit) -> Outcome:
        """Administrators change units."""
        tenant, today = caller.tenant, self.kernel.clock.now().date()
        parent_id: str | None = command.changes.get("parent_id")
        parent, lead = Unit(), Person()

        async def check(unit: Unit) -> None:
            self.rights.demand(asker, "unit.read")
            if unit.version == 0:
                raise UnitNotFound
            self.rights.demand(asker, "unit.change", _NOT_CHANGING)

        async def guards() -> Sequence[Guard]:
            nonlocal parent, lead
            unit = await self.unit(tenant, command.unit_id)
            after = decide.unit_after(unit, command)
            found = await self._references.moved(tenant, unit.id, unit.external_ref, after["external_ref"])
            parent, above = await pinned(self.kernel, UNIT, tenant, parent_id)
            lead, leading = await pinned(self.kernel, PERSON, tenant, command.changes.get("lead_id"))
            found += [*above, *leading]
            if parent_id is None or parent_id == unit.parent_id:
                return found
            stated = UnitTreeChanged(unit_id=unit.id, parent_id=parent_id)
            edge = Above(unit.id, parent_id, today, None)
            guard = await no_circle(self.kernel, tenant, UNIT_TREE, UNIT, edge, stated)
            if guard is None:
                raise UnitCycle
            return [*found, guard]

        return await self.kernel.handle(
            UNIT,
            command.unit_id,
            caller,
            lambda unit: decide.change_unit(unit, command, parent, lead),
            check=check,
            guards=guards,
        )

    async def unit(self, tenant: str, unit_id: str) -> Unit:
        """A unit straight from its stream; version 0: none."""
        return (await self.kernel.load(UNIT, stream_name(tenant, UNIT.kind, unit_id))).state

    @property
    def _references(self) -> Claims[Claim, Record, str]:
        return references(self.kernel, self.reference_name, UNIT.kind)
