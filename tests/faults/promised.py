"""Holds what clients were told against what is found: every broken promise as one sentence, none when all were kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

from tests.faults.load import Told

DERIVED = frozenset({"allowed_actions"})
"""What a repeat may answer anew; all other fields stay as they were at that version."""
OF_GOALS = DERIVED | {"status", "progress", "own_progress", "last_check_in_on", "next_check_in_on", "hints"}
"""The same of goals, which stand where their check-ins and what hangs below them bring them."""


@dataclass(frozen=True)
class Found:
    """An installation after the storm. By goal: its check-ins as listed, newest first, its row as read by id, its node.

    `sequences` and `streams` hold the numbers found by (service, tenant) and by stream, in order.
    """

    check_ins: Mapping[str, Sequence[Mapping[str, Any]]]
    rows: Mapping[str, Mapping[str, Any]]
    nodes: Mapping[str, Mapping[str, Any]]
    sequences: Mapping[tuple[str, str], Sequence[int]]
    streams: Mapping[str, Sequence[int]]


def broken(told: Sequence[Told], repeats: Sequence[tuple[Told, Told]], found: Found) -> list[str]:
    """What does not hold of: nothing lost, nothing doubled, repeats alike, rows and tree caught up, no gaps."""
    return [*_check_ins(told, found), *_repeats(repeats), *_rows(found), *_tree(found), *_gaps(found)]


def _check_ins(told: Sequence[Told], found: Found) -> Iterator[str]:
    wanted: dict[str, list[Any]] = defaultdict(list)
    for one in told:
        if one.command.goal_id is None:
            wanted[one.body["id"]] += []
        else:
            wanted[one.command.goal_id].append(one.command.body["value"])
    if wanted.keys() != found.check_ins.keys():
        yield f"{len(wanted)} goals were acknowledged, {len(found.check_ins)} are there"
    for goal, values in wanted.items():
        there = Counter(one["value"] for one in found.check_ins.get(goal, ()))
        for value, times in sorted((Counter(values) - there).items()):
            yield f"check-in {value} of goal {goal} was acknowledged and is lost ({times})"
        for value, times in sorted((there - Counter(values)).items()):
            yield f"check-in {value} of goal {goal} is there {times} times too often"


def _repeats(repeats: Sequence[tuple[Told, Told]]) -> Iterator[str]:
    for first, again in repeats:
        if _answer(first) != _answer(again):
            yield f"{first.command.key} was answered {first!r} and then {again!r}"


def _answer(told: Told) -> tuple[Any, ...]:
    return told.status, told.headers, own_fields(told.body)


def own_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """What an answer says of a goal or check-in itself."""
    if "kind" not in body:
        return {name: value for name, value in body.items() if name not in DERIVED}
    own = {name: value for name, value in body.items() if name not in OF_GOALS}
    return own if own["metric"] is None else {**own, "metric": {**own["metric"], "current": None}}


def _rows(found: Found) -> Iterator[str]:
    for goal, listed in found.check_ins.items():
        row, version = found.rows[goal], 1 + len(listed)
        if row["version"] != version:
            yield f"goal {goal} is at version {version}, its row at {row['version']}"
        elif listed and row["metric"]["current"] != listed[0]["value"]:
            yield f"goal {goal} stands at {listed[0]['value']}, its row at {row['metric']['current']}"


def _tree(found: Found) -> Iterator[str]:
    below: dict[str, list[float]] = defaultdict(list)
    for goal, node in found.nodes.items():
        if node["parent_id"] is not None:
            below[node["parent_id"]].append(node["progress"])
        if node["progress"] != found.rows[goal]["progress"]:
            yield f"goal {goal} is at {found.rows[goal]['progress']}, in the tree at {node['progress']}"
    for goal, parts in below.items():
        node, wanted = found.nodes[goal], fsum(parts) / len(parts)
        if (node["progress"], node["leaf_count"]) != (wanted, len(parts)):
            yield f"goal {goal} shows {node['progress']} of {node['leaf_count']} goals, not {wanted} of {len(parts)}"


def _gaps(found: Found) -> Iterator[str]:
    for name, numbers in (*found.sequences.items(), *found.streams.items()):
        if list(numbers) != list(range(1, len(numbers) + 1)):
            yield f"{name} has gaps or doubles: {numbers}"
