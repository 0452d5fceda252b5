"""`cairn seed`: the same shape at any size, a tenant in which every filter finds something, alone and beside others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.events.handle import NewStream
from services.goals.seeding import ROUNDS, Forest, check_ins, endings, goals
from tests.product import Product, eventually, inside, run, start

PEOPLE, GOALS = 60, 1_200
MOST_UNDER_ONE = 20
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Product, httpx2.Client]]:
    """A product on a folder that was seeded before its first start, and a client of who is last in rank."""
    folder = tmp_path_factory.mktemp("seed")
    done = seed(folder / "data", PEOPLE, GOALS)
    assert f"{PEOPLE} more people and 1,200 more goals." in done
    # Where the `cairn up` that it names will listen.
    assert asked_at(done) == "http://127.0.0.1:8080/api/v1/goals?limit=5"
    with start(folder) as product, product.client(product.token(last_of(done))) as client:
        yield product, client


def seed(data: Path, people: int, count: int) -> str:
    done = run("seed", "--tenant", "acme", "--people", str(people), "--goals", str(count), "--data", data)
    assert done.returncode == 0, done.stderr
    return done.stdout


def last_of(said: str) -> str:
    [address] = re.findall(r"at the bottom (\S+)\.$", said, re.MULTILINE)
    return str(address)


def asked_at(said: str) -> str:
    [url] = re.findall(r'curl -sw \'\\n\' "(\S+)" -H "Authorization: Bearer \$TOKEN"$', said, re.MULTILINE)
    return str(url)


# --- what is refused ----------------------------------------------------------------------------------------------


def test_a_tenant_needs_a_good_name(tmp_path: Path) -> None:
    done = inside("seed", "--tenant", "Not Good", "--data", tmp_path / "data")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cairn: a tenant's name is")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("arguments", [("--people", "0"), ("--goals", "-1"), ("--goals", "many")])
def test_a_size_that_cannot_be_is_refused(tmp_path: Path, arguments: tuple[str, str]) -> None:
    done = inside("seed", "--tenant", "acme", "--data", tmp_path / "data", *arguments)
    assert done.returncode == 2
    assert not (tmp_path / "data").exists()


# --- what it looks like -------------------------------------------------------------------------------------------


def forest(size: int, every: int = 1) -> Forest:
    names = [tuple(f"{kind}{number}" for number in range(count)) for kind, count in (("g", size), ("p", size // 20))]
    return Forest(names[0], names[1], ("u0", "u1"), NOW.date(), every)


def told(trees: Forest) -> list[NewStream]:
    ids = iter(f"c{number}" for number in range(10**6))
    return [
        *goals(trees, NOW),
        *(one for turn in range(ROUNDS) for one in check_ins(trees, turn, NOW + timedelta(days=turn + 1), ids)),
        *endings(trees, NOW + timedelta(days=9)),
    ]


@pytest.mark.parametrize("every", [1, 5])
@pytest.mark.parametrize("size", [20, 1_000, 3_456])
def test_streams_go_on_where_they_stand_and_time_never_goes_back(size: int, every: int) -> None:
    versions, last = Counter[str](), NOW
    for one in told(forest(size, every)):
        assert one.version == versions[one.entity_id]
        assert one.time is not None
        assert one.time >= last
        versions[one.entity_id] += len(one.events)
        last = one.time


@pytest.mark.parametrize("size", [20, 1_000, 3_456, 20_000])
def test_no_goal_has_many_under_it_and_each_has_its_parent_before_it(size: int) -> None:
    begun = [one.events[0] for one in goals(forest(size), NOW)]
    parents = [getattr(event, "parent_id", None) for event in begun]
    assert max(Counter(parents).values()) <= MOST_UNDER_ONE
    assert all(parent is None or int(parent[1:]) < place for place, parent in enumerate(parents))


def test_the_shares_are_the_same_at_any_size() -> None:
    def shares(size: int) -> dict[str, float]:
        counts = Counter(type(event).__name__ for one in told(forest(size)) for event in one.events)
        return {name: count / size for name, count in counts.items()}

    small, large = shares(2_000), shares(20_000)
    assert small.keys() == large.keys()
    assert all(abs(small[name] - large[name]) < 0.01 for name in small), (small, large)


# --- what can be asked of it --------------------------------------------------------------------------------------


def items(client: httpx2.Client, **asked: str) -> Sequence[dict[str, Any]]:
    answer = client.get("/goals", params=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_every_filter_finds_something(seeded: tuple[Product, httpx2.Client]) -> None:
    _, client = seeded
    me = client.get("/me").json()
    own = items(client, owner_id=me["id"])
    today = datetime.now(UTC).date()  # the product's own clock
    asked = [
        {"unit_id": me["unit_id"]},
        {"manager_id": me["manager_id"]},
        {"contributor_id": me["id"]},
        {"parent_id": own[0]["parent_id"]},
        {"period": f"{today}/{today + timedelta(days=90)}"},
        {"due_before": f"{today}"},
        {"q": "quicker RESTORES"},
        {"updated_since": f"{today - timedelta(days=30)}T00:00:00Z"},
        *({"stale": value} for value in ("true", "false")),
        *({"state": state} for state in ("draft", "open", "closed", "cancelled", "archived")),
        *({"status": status} for status in ("not_started", "on_track", "delayed", "off_track", "done")),
        *({"kind": kind} for kind in ("objective", "key_result", "smart")),
        *({"focus": focus} for focus in ("business", "development")),
        {"label": "Quality"},
    ]
    assert len(own) == 20 - sum(one["state"] == "archived" for one in own)
    assert [one for one in asked if not items(client, **one)] == []


def test_what_was_seeded_moves_like_anything_else(seeded: tuple[Product, httpx2.Client]) -> None:
    _, client = seeded
    own = items(client, owner_id=client.get("/me").json()["id"], state="open")
    goal = next(one for one in own if one["metric"] is not None)
    before = client.get(f"/goals/{goal['parent_id']}/rollup").json()["progress"]
    answer = client.post(f"/goals/{goal['id']}/check-ins", json={"status": "on_track", "value": 39})
    assert answer.status_code == 201, answer.text
    after = client.get(f"/goals/{goal['parent_id']}/rollup", headers={"Cairn-After": answer.headers["Cairn-Position"]})
    assert after.json()["progress"] > before


def test_more_comes_beside_a_running_product(seeded: tuple[Product, httpx2.Client]) -> None:
    product, _ = seeded
    said = seed(product.data, 20, 50)
    assert "is folding into its read models now" in said
    assert f"when every lag in {product.url}/readyz is 0" in said
    assert asked_at(said) == f"{product.url}/api/v1/goals?limit=5"
    with product.client(product.token(last_of(said))) as client:
        eventually(lambda: items(client, kind="objective", sort="-created_at", limit="1"), "the new goals are there")
        me = client.get("/me").json()
        eventually(lambda: items(client, owner_id=me["id"]), "the new goals of the newcomer are there")
