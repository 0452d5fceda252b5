"""A node from its direct children, and the order in which nodes are rolled up: the arithmetic of the tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from math import fsum
from operator import mul

from msgspec.structs import replace

from services.goals.domain.measure import shown
from services.goals.read_models import Cause, Counts, Node

KEY_RESULT = "key_result"
LIVE = frozenset(("open", "closed"))
_PLAIN = Decimal(1)
_ONE = {status: Counts(**{status: 1}) for status in Counts.__struct_fields__}


def hands_to(node: Node) -> str | None:
    """The parent in which a goal counts; drafts, archived and cancelled goals count nowhere."""
    return node.parent_id if node.alignment == "accepted" and node.state in LIVE else None


def shown_under(node: Node) -> str | None:
    """The parent under which the tree shows a goal."""
    return node.parent_id if node.alignment == "accepted" and node.state != "archived" else None


def is_closed(node: Node) -> bool:
    """Whether its progress stands still: closed, and also archived from there."""
    return node.state == "closed" or node.left == "closed"


def takes(driver: str, kind: str) -> bool:
    """Whether a driver takes the progress of children of this kind."""
    if driver == "all":
        return True
    return driver == ("key_results" if kind == KEY_RESULT else "children")


def taken_by(node: Node, live: Sequence[Node]) -> Sequence[Node]:
    """Of the contributing children those whose progress makes the node's."""
    driver = node.progress_driver
    if driver in ("manual", "metric"):
        return ()
    return live if driver == "all" else [child for child in live if takes(driver, child.kind)]


def roll_up(node: Node, children: Sequence[Node], cause: Cause, day: date) -> Node:
    """The node with what comes up from its direct children, which have to be rolled up already."""
    live = [child for child in children if child.state in LIVE and child.alignment == "accepted"]
    if not live:
        return replace(
            node,
            progress=_progress(node, ()),
            counts=_ONE[node.status],
            leaf_count=1,
            child_count=_shown(children),
            contributing=0,
            key_results=0,
            caused_by=cause,
            changed_on=day,
        )
    return replace(
        node,
        progress=_progress(node, live),
        counts=_counts(node, live),
        leaf_count=sum([child.leaf_count for child in live]),
        child_count=len(live) if len(live) == len(children) else _shown(children),
        contributing=len(live),
        key_results=len([child for child in live if child.kind == KEY_RESULT]),
        caused_by=cause,
        changed_on=day,
    )


def _shown(children: Iterable[Node]) -> int:
    return len([child for child in children if shown_under(child) is not None])


def _progress(node: Node, live: Sequence[Node]) -> float:
    if is_closed(node):
        stood = node.frozen if node.score is None else float(node.score)
        return 0.0 if stood is None else stood
    taken = taken_by(node, live)
    mean = _mean(taken) if taken else None
    return shown(node.own_progress if mean is None else mean, clamp=node.clamp)


def _mean(taken: Sequence[Node]) -> float | None:
    """`sum(w*p)/sum(w)`; None when nothing weighs anything."""
    exact = [child.weight for child in taken]
    shares = [child.progress for child in taken]
    if exact.count(_PLAIN) == len(exact):
        # To the last bit what follows below, without turning so many decimals into doubles.
        return fsum(shares) / len(shares) + 0.0
    weights = list(map(float, exact))
    total = fsum(weights)
    return fsum(map(mul, weights, shares)) / total + 0.0 if total else None  # never -0.0


def _counts(node: Node, live: Iterable[Node]) -> Counts:
    own = _ONE[node.status]
    not_started, on_track, delayed = own.not_started, own.on_track, own.delayed
    off_track, done = own.off_track, own.done
    for child in live:
        counts = child.counts
        not_started += counts.not_started
        on_track += counts.on_track
        delayed += counts.delayed
        off_track += counts.off_track
        done += counts.done
    return Counts(not_started, on_track, delayed, off_track, done)


def deepest_first(ids: Iterable[str], parent_of: Callable[[str], str | None]) -> list[str]:
    """Ids such that each comes before its ancestors. It ends even where parents go round in a circle."""
    depths: dict[str, int] = {}
    for id in ids:
        path: list[str] = []
        at: str | None = id
        while at is not None and at not in depths:
            depths[at] = 0
            path.append(at)
            at = parent_of(at)
        depth = depths[at] if at is not None else 0
        for each in reversed(path):
            depth += 1
            depths[each] = depth
    return sorted(ids, key=depths.__getitem__, reverse=True)
