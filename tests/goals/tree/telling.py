"""Facts of a few goals told by hand, and what the tree then says of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from libs.events.catalog import goals as said
from libs.events.declare import RowKey
from libs.events.envelope import Fact
from libs.events.testing import EPOCH, Rows, fact_of
from services.goals.domain.measure import rounded
from services.goals.projections import TREE
from services.goals.read_models import DAYS, NODES, Day, Node
from tests.goals.tree.story import definition


class Teller:
    """Tells one fact after another; each is folded at once, unless `hold` keeps them for one batch."""

    def __init__(self) -> None:
        self.rows = Rows(TREE)
        self.time: datetime = EPOCH
        self.facts: list[Fact[Any]] = []
        self.held: list[Fact[Any]] | None = None
        self.versions: dict[str, int] = {}

    def tell(self, id: str, data: Any) -> None:
        """One more fact of a goal, a second after the one before."""
        self.time += timedelta(seconds=1)
        version = self.versions[id] = self.versions.get(id, 0) + 1
        number = len(self.facts) + 1
        fact = fact_of(data, stream=f"acme/goal/{id}", version=version, sequence=number, time=self.time)
        self.facts.append(fact)
        if self.held is None:
            self.rows.apply([fact])
        else:
            self.held.append(fact)

    def hold(self) -> None:
        """From here on facts wait."""
        self.held = []

    def release(self) -> None:
        """All that waited, in one batch."""
        held, self.held = self.held or [], None
        self.rows.apply(held)

    def later(self, days: int) -> None:
        """So many days later."""
        self.time += timedelta(days=days)

    # --- what may be told ---------------------------------------------------------------------------------------

    def create(self, id: str, parent_id: str | None = None, *, alignment: str | None = None, **fields: Any) -> None:
        """A new goal: an objective that follows all that count in it, unless told otherwise."""
        hung = alignment or ("none" if parent_id is None else "accepted")
        more = {name: fields.pop(name) for name in ("kind", "draft") if name in fields}
        data = said.GoalCreated(
            **definition(**fields), **({"kind": "objective"} | more), parent_id=parent_id, alignment=hung
        )
        self.tell(id, data)

    def change(self, id: str, **fields: Any) -> None:
        """A goal is defined anew, as it was created but for these fields."""
        created = next(fact.data for fact in self.facts if fact.entity_id == id)
        same = {name: getattr(created, name) for name in said.Definition.__struct_fields__}
        self.tell(id, said.GoalChanged(**(same | fields), changed=sorted(fields)))

    def transfer(self, id: str, owner_id: str) -> None:
        """A goal goes to another owner, as it was last defined."""
        said_of = [fact.data for fact in self.facts if fact.entity_id == id]
        last = next(data for data in reversed(said_of) if isinstance(data, said.Definition))
        same = {name: getattr(last, name) for name in said.Definition.__struct_fields__}
        given = {"previous_owner_id": last.owner_id, "author_id": "eva", "reason": "a new team"}
        self.tell(id, said.GoalTransferred(**(same | {"owner_id": owner_id}), **given))

    def check_in(
        self, id: str, *, value: str | None = None, progress: str | None = None, status: str = "on_track", ago: int = 0
    ) -> str:
        """A check-in observed so many days ago; returns its id."""
        check_in_id = f"{id}-{len(self.facts)}"
        data = said.CheckInRecorded(
            check_in_id=check_in_id,
            author_id="ann",
            status=status,
            observed_on=self.time.date() - timedelta(days=ago),
            value=None if value is None else Decimal(value),
            progress=None if progress is None else Decimal(progress),
        )
        self.tell(id, data)
        return check_in_id

    def correct(self, id: str, check_in_id: str, **fields: Any) -> None:
        """What a check-in should have said."""
        version = next(fact.version for fact in self.facts if getattr(fact.data, "check_in_id", None) == check_in_id)
        named = {"check_in_id": check_in_id, "recorded_version": version, "author_id": "ann", "reason": "misread"}
        self.tell(id, said.CheckInCorrected(**named, **fields))

    def move(self, id: str, parent_id: str | None, *, weight: str = "1", alignment: str = "accepted") -> None:
        """A goal hangs somewhere else."""
        hung = "none" if parent_id is None else alignment
        before = self.node(id).parent_id
        data = said.GoalMoved(parent_id=parent_id, previous_parent_id=before, alignment=hung, weight=Decimal(weight))
        self.tell(id, data)

    def close(self, id: str, score: str | None = None, *, judged: str | None = None) -> None:
        """A goal is over, judged by its score, or else by what it shows, or showed a moment ago."""
        given = None if score is None else Decimal(score)
        shown = given if judged is None else Decimal(judged)
        if shown is None:
            shown = rounded(self.node(id).progress)
        self.tell(id, said.GoalClosed(author_id="ann", score=given, judged=shown, outcome="partly"))

    def reopen(self, id: str) -> None:
        """A closed goal goes on."""
        self.tell(id, said.GoalReopened(author_id="ann", reason="too early"))

    # --- what the tree says -------------------------------------------------------------------------------------

    def node(self, id: str) -> Node:
        """The goal's row."""
        row = self.rows.rows[RowKey(NODES, id)]
        assert isinstance(row, Node)
        return row

    def progress(self, id: str) -> float:
        """What the goal shows."""
        return self.node(id).progress

    def days(self, id: str) -> list[Day]:
        """The goal's days, in order."""
        days = [row for key, row in self.rows.rows.items() if key.collection is DAYS and isinstance(row, Day)]
        return sorted((row for row in days if row.goal_id == id), key=lambda row: row.day)


def metric(start: str, target: str, current: str | None = None) -> said.Metric:
    """From start to target."""
    now = start if current is None else current
    return said.Metric(start=Decimal(start), target=Decimal(target), current=Decimal(now), unit="tickets")
