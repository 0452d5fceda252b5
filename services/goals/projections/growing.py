"""A batch of facts on the tree: what each touches, who has to be rolled up, and what was different when a day ended.

`caused_by` and the days' rows must not depend on how facts are cut into batches. So who is touched follows from how
goals hang together when a fact comes, never from whether a number came out different: a goal's own change passes to
whatever parent could show it. Whoever could show it is then rolled up, once for all the facts since the last time.
"""

from __future__ import annotations

from datetime import date
from operator import attrgetter
from typing import Any

from msgspec.structs import replace

from libs.events.catalog.goals import (
    CheckInCorrected,
    CheckInRecorded,
    GoalChanged,
    GoalClosed,
    GoalCreated,
    GoalTransferred,
)
from libs.events.declare import Held, Row, RowKey
from libs.events.envelope import Fact
from services.goals.projections.rolling import (
    KEY_RESULT,
    deepest_first,
    hands_to,
    is_closed,
    roll_up,
    shown_under,
    taken_by,
    takes,
)
from services.goals.projections.steps import STEPS, created, day_of
from services.goals.projections.working import Working
from services.goals.read_models import ROOT, Cause, Node

OWN = attrgetter(
    "parent_id",
    "alignment",
    "state",
    "left",
    "weight",
    "progress_driver",
    "clamp",
    "span",
    "seen",
    "measured",
    "last_check_in_at",
    "score",
    "period_start",
    "period_end",
    "commitment",
)
"""What of a goal itself shows in the tree, its title and owner aside."""


def _named_anew(fact: Fact[Any]) -> bool:
    """Whether a fact gives a goal another title or owner, which its own row shows and those above do not.

    As the fact says it: whether a title is another one cannot be seen any more where the texts were destroyed.
    """
    data = fact.data
    return type(data) is GoalTransferred or (type(data) is GoalChanged and "title" in data.changed)


class Growth:
    """Applies facts in order; the numbers of goals that are pending are made when they are asked for."""

    def __init__(self, held: Held) -> None:
        self._tree = Working(held)
        self._day: date | None = None
        self._pending: dict[str, Cause] = {}
        self._touched: dict[str, None] = {}

    def changed(self) -> dict[RowKey, Row | None]:
        """Every row that is not as it was loaded; nothing may be applied afterwards."""
        self._end_day()
        return self._tree.changed()

    # --- one fact -----------------------------------------------------------------------------------------------

    def grow(self, fact: Fact[Any]) -> None:
        """Applies one fact of a goal's stream. Raises LookupError for a goal or check-in that is not there."""
        day = day_of(fact)
        if day != self._day:
            self._end_day()
            self._day = day
        id = fact.entity_id
        before = self._tree.nodes.get(id)
        if type(fact.data) is GoalCreated:
            after = created(fact)
        elif before is None:
            raise LookupError(f"{fact.type} about a goal that is not there: {id}")
        else:
            before, after = self._stepped(before, fact)
        if before is None or (before.parent_id, before.visibility) != (after.parent_id, after.visibility):
            after = replace(after, seen_by=self._seen_by(after))
        self._tree.put(after)
        self._hang(before, after)
        if before is not None and before.visibility != after.visibility:
            self._show_key_results(after)
        if before is None or OWN(before) != OWN(after):
            self._spread(before, after, Cause(id, fact.type, fact.time))
        elif _named_anew(fact):
            self._pending[id] = Cause(id, fact.type, fact.time)

    def _stepped(self, before: Node, fact: Fact[Any]) -> tuple[Node, Node]:
        data = fact.data
        if type(data) is CheckInRecorded:
            return before, self._tree.check_ins.record(before, fact)
        if type(data) is CheckInCorrected:
            return before, self._tree.check_ins.correct(before, fact)
        if type(data) is GoalClosed and data.score is None and before.id in self._pending:
            self._settle()
            before = self._tree.nodes[before.id]
        step = STEPS.get(type(data))
        after = before if step is None else step(before, fact)
        return before, replace(after, updated_at=fact.time)

    def _seen_by(self, node: Node) -> str:
        above = node.parent_id if node.kind == KEY_RESULT else None
        parent = self._tree.nodes.get(above) if above is not None else None
        return node.visibility if parent is None else parent.visibility

    def _show_key_results(self, node: Node) -> None:
        for child in self._tree.children(node.id):
            if child.kind == KEY_RESULT:
                self._tree.put(replace(child, seen_by=node.visibility))

    def _hang(self, before: Node | None, after: Node) -> None:
        was = before.parent_id if before is not None else None
        if was != after.parent_id:
            self._tree.hang(after.id, was, after.parent_id)
        if before is None or (was, before.alignment) != (after.parent_id, after.alignment):
            if after.parent_id is not None:
                self._tree.place(after.parent_id, after.id)
            if after.parent_id is None or after.alignment != "accepted":
                self._tree.place(ROOT, after.id)

    # --- whom it touches ----------------------------------------------------------------------------------------

    def _spread(self, before: Node | None, after: Node, cause: Cause) -> None:
        self._pending[after.id] = cause
        was, now = hands_to(before) if before is not None else None, hands_to(after)
        if before is not None and was == now:
            if now is not None:
                counts, progress = before.status != after.status, self._differs(before, after)
                self._carry(now, after.kind, cause, counts, progress)
        else:
            for node, parent_id in ((before, was), (after, now)):
                if node is not None and parent_id is not None:
                    self._carry(parent_id, node.kind, cause, True, bool(node.weight))
        places = {shown_under(after), shown_under(before) if before is not None else None}
        if len(places) == 2:
            self._pending.update((id, cause) for id in places if id is not None and id in self._tree.nodes)

    def _differs(self, before: Node, after: Node) -> bool:
        """Whether the goal may hand up another progress, or the same with another weight; its status aside."""
        if before.weight != after.weight:
            return True
        if is_closed(after) or not after.weight:
            return False
        if (before.progress_driver, before.clamp) != (after.progress_driver, after.clamp):
            return True
        return before.own_progress != after.own_progress and self._goes_by_itself(after)

    def _goes_by_itself(self, node: Node) -> bool:
        """Whether a goal shows its own measure, and not what its children hand up."""
        live = [child for child in self._tree.children(node.id) if hands_to(child) is not None]
        return not any(child.weight for child in taken_by(node, live))

    def _carry(self, parent_id: str, kind: str, cause: Cause, counts: bool, progress: bool) -> None:
        """Upwards along goals that count, from a child of this kind.

        `counts`: who is counted below, or how, is different; `progress`: what is handed up, with its weight.
        """
        passed: set[str] = set()
        while parent_id not in passed:  # parents in a circle must not hold it up
            passed.add(parent_id)
            parent = self._tree.nodes.get(parent_id)
            if parent is None:
                return
            progress = progress and takes(parent.progress_driver, kind) and not is_closed(parent)
            if not counts and not progress:
                return
            self._pending[parent_id] = cause
            above = hands_to(parent)
            if above is None:
                return
            parent_id, kind, progress = above, parent.kind, progress and bool(parent.weight)

    # --- rolling up ---------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Rolls up what is pending, each once, deepest first."""
        if self._day is None:
            return
        for id in deepest_first(self._pending, self._tree.parent_of):
            node = self._tree.nodes[id]
            self._tree.put(roll_up(node, self._tree.children(id), self._pending[id], self._day))
            self._touched[id] = None
        self._pending.clear()

    def _end_day(self) -> None:
        """Rolls up, and keeps how each goal that was touched on the day stands at its end."""
        self._settle()
        for id in self._touched:
            self._tree.end_day(id)
        self._touched.clear()
