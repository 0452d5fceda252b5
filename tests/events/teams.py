"""A toy read model whose rows depend on each other: counters sit in teams, and a team's row sums its counters up.

It folds the facts of `tests.events.toy`: making gives a counter a seat in its owner's team, a note moves it to its
author's, counting by `LEAVES` takes it away. `BREAKS` breaks the fold, `BREAKS_EARLY` what says what the fold needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from libs.events.declare import Collection, Fold, Group, Held, Index, Row, RowKey, Wanted
from libs.events.envelope import Fact
from tests.events import toy

LEAVES, BREAKS, BREAKS_EARLY = -9, 7, 8


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """A counter in its team."""

    team: str
    total: int = 0


class Team(msgspec.Struct, frozen=True, kw_only=True):
    """Its counters, their sum, and the best of them: of the greatest total, then of the greatest id."""

    members: list[str]
    total: int
    best: str


SEATS = Collection("seats", Seat, (Index("team"), Index("team", "total")))
TEAMS = Collection("teams", Team)
Rows = dict[tuple[str, str], Row]
"""By collection and id."""


def needs(facts: Sequence[Fact[Any]], held: Held) -> Wanted:
    """The counters' seats; then the teams that they are in or come to, each with its counters and the best of them."""
    if any(getattr(fact.data, "by", 0) == BREAKS_EARLY for fact in facts):
        raise LookupError
    seats = frozenset(RowKey(SEATS, fact.entity_id) for fact in facts)
    teams = {team for fact in facts if (team := _joined(fact)) is not None}
    teams |= {row.team for key in seats if (row := held.rows.get(key)) is not None}
    groups = {Group(SEATS, "team", team) for team in teams} | {_best(team, len(seats)) for team in teams}
    return Wanted(seats | {RowKey(TEAMS, team) for team in teams}, frozenset(groups))


def fold(facts: Sequence[Fact[Any]], held: Held) -> Mapping[RowKey, Row | None]:
    """The seats that changed, and every team that has or had one of them."""
    touched = {fact.entity_id: held.rows[RowKey(SEATS, fact.entity_id)] for fact in facts}
    seats, teams = dict(touched), {row.team for row in touched.values() if row is not None}
    for fact in facts:
        seats[fact.entity_id] = after(seats[fact.entity_id], fact)
        teams |= {team for team in (_joined(fact),) if team is not None}
    changed: dict[RowKey, Row | None] = {RowKey(SEATS, id): row for id, row in seats.items()}
    for team in teams:
        here = {id: row for id, row in seats.items() if row is not None and row.team == team}
        members = {id: held.rows[RowKey(SEATS, id)] for id in held.groups[Group(SEATS, "team", team)]} | here
        members = {id: row for id, row in members.items() if id not in touched or id in here}
        top = {id: held.rows[RowKey(SEATS, id)] for id in held.groups[_best(team, len(touched))] if id not in touched}
        changed[RowKey(TEAMS, team)] = summed(members, top | here)
    return changed


def after(seat: Seat | None, fact: Fact[Any]) -> Seat | None:
    """A counter's seat after a fact."""
    match fact.data:
        case toy.CounterMade(owner_id=team):
            return Seat(team=team)
        case toy.Noted(author_id=team):
            return Seat(team=team, total=seat.total if seat is not None else 0)
        case toy.Counted(by=by) if by == BREAKS:
            raise ZeroDivisionError
        case toy.Counted(by=by) if by != LEAVES and seat is not None:
            return Seat(team=seat.team, total=seat.total + by)
        case _:
            return None


def summed(members: Mapping[str, Seat], top: Mapping[str, Seat]) -> Team | None:
    """A team of some counters, the best of which are among `top`."""
    if not members:
        return None
    best = max(top, key=lambda id: (top[id].total, id))
    return Team(members=sorted(members), total=sum(row.total for row in members.values()), best=best)


def naive(facts: Iterable[Fact[Any]]) -> Rows:
    """The rows of one tenant as a plain loop makes them."""
    seats: dict[str, Seat] = {}
    for fact in facts:
        seat = after(seats.pop(fact.entity_id, None), fact)
        if seat is not None:
            seats[fact.entity_id] = seat
    rows: Rows = {("seats", id): row for id, row in seats.items()}
    for team in {row.team for row in seats.values()}:
        members = {id: row for id, row in seats.items() if row.team == team}
        found = summed(members, members)
        assert found is not None
        rows["teams", team] = found
    return rows


def _joined(fact: Fact[Any]) -> str | None:
    match fact.data:
        case toy.CounterMade(owner_id=team) | toy.Noted(author_id=team):
            return team
        case _:
            return None


def _best(team: str, touched: int) -> Group:
    # So many more as may have changed: the best of the others is among them.
    return Group(SEATS, "team", team, sort="total", most=1 + touched)


TEAM_ROWS = Fold("teams", 1, ("toys.events",), (SEATS, TEAMS), needs, fold)
