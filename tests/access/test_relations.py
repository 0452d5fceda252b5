"""Relations: who stands above or beside whom, in any organisation, broken ones included."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.access.relations import DEEPEST, above, relations


class Organisation:
    """Who reports to whom; remembers what it is asked, a look-up each."""

    def __init__(self, **managers: str | None) -> None:
        self.managers = managers
        self.asked: list[list[str]] = []

    async def fetch(self, people: Collection[str]) -> dict[str, str | None]:
        """The managers of those who exist."""
        self.asked.append(sorted(people))
        return {person: self.managers[person] for person in people if person in self.managers}

    async def relations(self, asker: str, *owners: str) -> dict[str, frozenset[str]]:
        """As a directory asks: first for those named, then for those above them."""
        known = await self.fetch({*owners, asker})
        managers = await above(asker, owners, known, self.fetch)
        return {owner: relations(asker, owner, managers) for owner in owners}


def small() -> Organisation:
    return Organisation(ceo=None, head="ceo", lead="head", ana="lead", ben="lead", cleo="head", loner=None)


async def test_everybody_in_a_small_organisation() -> None:
    people = small()
    expected = {
        ("ana", "ana"): {"self"},
        ("lead", "ana"): {"manager", "manager_chain"},
        ("head", "ana"): {"manager_chain"},
        ("ceo", "ana"): {"manager_chain"},
        ("ben", "ana"): {"peer"},
        ("cleo", "lead"): {"peer"},
        ("cleo", "ana"): set(),
        ("ana", "lead"): set(),
        ("ana", "ceo"): set(),
        ("loner", "ceo"): set(),
        ("nobody", "ana"): set(),
        ("ana", "nobody"): set(),
        ("nobody", "nothing"): set(),
    }
    for (asker, owner), names in expected.items():
        assert await people.relations(asker, owner) == {owner: names}, (asker, owner)


@pytest.mark.parametrize(
    ("asker", "owners", "asked"),
    [
        ("lead", ["ana"], [["ana", "lead"]]),
        ("ben", ["ana"], [["ana", "ben"]]),
        ("ana", ["ceo", "loner"], [["ana", "ceo", "loner"]]),
        # The lead of all three is looked up once, and nobody who is known already.
        ("ceo", ["ana", "ben", "cleo"], [["ana", "ben", "ceo", "cleo"], ["head", "lead"]]),
        ("loner", ["ana", "ben", "lead"], [["ana", "ben", "lead", "loner"], ["head"], ["ceo"]]),
    ],
)
async def test_it_asks_once_a_level_and_for_no_more_than_it_needs(
    asker: str, owners: list[str], asked: list[list[str]]
) -> None:
    people = small()
    await people.relations(asker, *owners)
    assert people.asked == asked


async def test_a_circle_ends() -> None:
    people = Organisation(a="b", b="c", c="d", d="b", x=None)
    assert await people.relations("x", "a") == {"a": set()}
    assert await people.relations("c", "a") == {"a": {"manager_chain"}}
    alone = Organisation(a="a", b="a")
    assert await alone.relations("b", "a") == {"a": {"peer"}}
    assert await alone.relations("x", "a") == {"a": set()}


async def test_the_walk_is_bounded() -> None:
    chain = Organisation(**{f"p{at}": f"p{at + 1}" for at in range(1000)})
    assert await chain.relations(f"p{DEEPEST}", "p0") == {"p0": {"manager_chain"}}
    assert await chain.relations(f"p{DEEPEST + 1}", "p0") == {"p0": set()}
    assert await chain.relations("p999", "p0", "p900") == {"p0": set(), "p900": {"manager_chain"}}
    chain.asked.clear()
    await chain.relations("p999", "p0")
    assert len(chain.asked) <= DEEPEST + 1


@given(st.lists(st.integers(-1, 9), min_size=10, max_size=10), st.integers(0, 9))
async def test_any_organisation_gives_what_its_definition_says(bosses: list[int], asker: int) -> None:
    people = Organisation(**{f"p{at}": None if boss < 0 else f"p{boss}" for at, boss in enumerate(bosses)})
    found = await people.relations(f"p{asker}", *people.managers)
    assert found == {owner: defined(f"p{asker}", owner, people.managers) for owner in people.managers}
    assert all(set(one) == set(dict.fromkeys(one)) for one in people.asked)
    assert len({person for one in people.asked for person in one}) == sum(map(len, people.asked)), "nobody asked twice"


def defined(asker: str, owner: str, managers: dict[str, str | None]) -> set[str]:
    """The definition, without any care for how often somebody is looked up."""
    if asker == owner:
        return {"self"}
    if managers[owner] == asker:
        return {"manager", "manager_chain"}
    if managers[asker] == managers[owner] is not None:
        return {"peer"}
    chain: list[str] = []
    above = managers[owner]
    while above is not None and above not in chain:
        chain.append(above)
        above = managers[above]
    return {"manager_chain"} if asker in chain else set()
