"""Relations: who stands above or beside whom, in any organisation, broken ones included."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from libs.access.relations import relations


@dataclass(frozen=True)
class Someone:
    """A person as a service knows one."""

    id: str
    manager_id: str | None


class Organisation:
    """Who reports to whom; counts what it is asked."""

    def __init__(self, **managers: str | None) -> None:
        self.managers = managers
        self.asked: list[str] = []

    async def fetch(self, person: str) -> Someone | None:
        """The person, or None."""
        self.asked.append(person)
        return Someone(person, self.managers[person]) if person in self.managers else None


async def test_everybody_in_a_small_organisation() -> None:
    people = Organisation(ceo=None, head="ceo", lead="head", ana="lead", ben="lead", cleo="head", loner=None)
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
        assert await relations(asker, owner, people.fetch) == names, (asker, owner)


async def test_it_asks_for_no_more_than_it_needs() -> None:
    for asker, asked in (("ana", []), ("lead", ["ana"]), ("ben", ["ana", "ben"])):
        people = Organisation(ceo=None, head="ceo", lead="head", ana="lead", ben="lead")
        await relations(asker, "ana", people.fetch)
        assert people.asked == asked


async def test_a_circle_ends() -> None:
    people = Organisation(a="b", b="c", c="d", d="b", x=None)
    assert await relations("x", "a", people.fetch) == set()
    assert await relations("c", "a", people.fetch) == {"manager_chain"}
    alone = Organisation(a="a", b="a")
    assert await relations("b", "a", alone.fetch) == {"peer"}
    assert await relations("x", "a", alone.fetch) == set()


async def test_the_walk_is_bounded() -> None:
    chain = Organisation(**{f"p{at}": f"p{at + 1}" for at in range(1000)})
    assert await relations("p200", "p0", chain.fetch) == {"manager_chain"}
    assert await relations("p999", "p0", chain.fetch) == set()
    assert len(chain.asked) < 500


@given(st.lists(st.integers(-1, 9), min_size=10, max_size=10), st.integers(0, 9), st.integers(0, 9))
async def test_any_organisation_gives_what_its_definition_says(bosses: list[int], asker: int, owner: int) -> None:
    managers = {str(at): None if boss < 0 else str(boss) for at, boss in enumerate(bosses)}
    got = await relations(str(asker), str(owner), Organisation(**managers).fetch)
    chain: list[str] = []
    above = managers[str(owner)]
    while above is not None and above not in chain:
        chain.append(above)
        above = managers[above]
    assert ("self" in got) == (asker == owner)
    if asker == owner:
        return
    assert ("manager" in got) == (managers[str(owner)] == str(asker))
    beside = managers[str(asker)] == managers[str(owner)] is not None
    if "peer" in got:
        assert beside
    else:
        assert ("manager_chain" in got) == (str(asker) in chain)
        assert not beside or "manager" in got
