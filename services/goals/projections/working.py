"""The working copy of a batch: the tree's rows as loaded, under what the facts so far have changed."""

from __future__ import annotations

from collections.abc import Collection as Many

from msgspec.structs import replace

from libs.events.declare import Group, Held, Row, RowKey
from services.goals.projections.observed import CheckIns
from services.goals.projections.over import Over
from services.goals.read_models import DAYS, EDGES, NODES, Day, Edge, Node


class Working:
    """Nodes with their children; days, places and check-ins to be written. What was loaded is never changed itself."""

    def __init__(self, held: Held) -> None:
        self.nodes = Over[Node](held, NODES)
        self.check_ins = CheckIns(held)
        self._edges = Over[Edge](held, EDGES)
        self._groups = held.groups
        self._children: dict[str, dict[str, None]] = {}
        self._days: dict[RowKey, Day] = {}

    def put(self, node: Node) -> None:
        """This is how the goal stands now."""
        self.nodes.put(node.id, node)

    def parent_of(self, id: str) -> str | None:
        """The goal above, whether it takes this one or not."""
        node = self.nodes.get(id)
        return node.parent_id if node is not None else None

    def children(self, id: str) -> list[Node]:
        """All goals directly under one. Raises LookupError when there are some that were not loaded."""
        nodes = self.nodes
        return [nodes[child] for child in self._children_of(id)]

    def hang(self, id: str, was: str | None, now: str | None) -> None:
        """The goal hangs under another parent than before; None: under none."""
        for parent_id, more in ((was, -1), (now, 1)):
            parent = self.nodes.get(parent_id) if parent_id is not None else None
            if parent is None:
                continue
            children = self._children.get(parent.id)
            if children is None:
                children = self._children[parent.id] = dict.fromkeys(self._children_of(parent.id))
            if more > 0:
                children[id] = None
            else:
                children.pop(id, None)
            self.put(replace(parent, kids=parent.kids + more))

    def place(self, parent_id: str, id: str) -> None:
        """Remembers for ever that the goal hung there."""
        edge = f"{parent_id}.{id}"
        if edge not in self._edges:
            self._edges.put(edge, Edge(parent_id=parent_id, goal_id=id))

    def end_day(self, id: str) -> None:
        """Keeps how the goal stands at the end of the day on which it last changed."""
        day = _day(self.nodes[id])
        self._days[RowKey(DAYS, f"{id}.{day.day}")] = day

    def changed(self) -> dict[RowKey, Row | None]:
        """Every row that is not as it was loaded."""
        return {**self._days, **self.nodes.changed(), **self._edges.changed(), **self.check_ins.rows.changed()}

    def _children_of(self, id: str) -> Many[str]:
        ids = self._children.get(id)
        if ids is not None:
            return ids
        loaded = self.nodes.loaded(id)
        if loaded is None or not loaded.kids:
            return ()
        group = self._groups.get(Group(NODES, "parent_id", id))
        if group is None:
            raise LookupError(f"the goals under {id} were not loaded")
        return group


def _day(node: Node) -> Day:
    return Day(
        goal_id=node.id,
        day=node.changed_on,
        parent_id=node.parent_id,
        alignment=node.alignment,
        state=node.state,
        left=node.left,
        weight=node.weight,
        progress_driver=node.progress_driver,
        status=node.status,
        own_progress=node.own_progress,
        progress=node.progress,
        counts=node.counts,
        leaf_count=node.leaf_count,
        child_count=node.child_count,
        contributing=node.contributing,
        last_check_in_at=node.last_check_in_at,
        period_start=node.period_start,
        period_end=node.period_end,
        commitment=node.commitment,
        created_at=node.created_at,
        caused_by=node.caused_by,
    )
