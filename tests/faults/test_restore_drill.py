"""The drill: an older backup comes back, every consumer stops and says what to run, and that ends consistent.

What is to be run is run while Cairn is stopped, or beside the one whose consumers have stopped, which then go on.

Consistent: every answer is, to the byte, that of another installation that folded the restored log from nothing.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.product import Product, eventually, free_port, inside, run, start

CONSUMERS, MODELS = 12, 8


MOVES = ("version", "updated_at", "updated_by")
"""What a person's answer says of the events that made it, and not of the person."""


class Installation:
    """A running product with two people and their goals, two administrators, and what is known of them."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.ann, self.eva = (product.person(f"{name}@acme.example") for name in ("ann", "eva"))
        self.admins = [product.person(f"{name}@acme.example", "admin") for name in ("amy", "bob")]
        self.goals: list[str] = []

    def goal(self, owner: str, title: str) -> str:
        """A public goal with a check-in."""
        metric = {"start": 0, "target": 100, "unit": "points"}
        body = {"title": title, "kind": "key_result", "owner_id": owner, "metric": metric, "visibility": "public"}
        with self.product.client(self.product.issue(owner)) as client:
            made = client.post("/goals", json=body).raise_for_status()
            self.goals.append(made.json()["id"])
            self.check_in(self.goals[-1], owner, 10)
        return self.goals[-1]

    def check_in(self, goal: str, by: str, value: int) -> None:
        """A check-in with a note, which everything has folded."""
        with self.product.client(self.product.issue(by)) as client:
            note = {"value": value, "status": "on_track", "note": f"Now at {value}."}
            answer = client.post(f"/goals/{goal}/check-ins", json=note).raise_for_status()
            after = {"Cairn-After": answer.headers["Cairn-Position"]}
            client.get("/goals/tree", headers=after).raise_for_status()
            client.get(f"/goals/{goal}", headers=after).raise_for_status()

    def erase_eva(self) -> None:
        """One administrator asks, the other agrees, and it is done."""
        asks, agrees = (self.product.client(self.product.issue(one)) for one in self.admins)
        with asks, agrees:
            asked = asks.post(f"/people/{self.eva}/erase", json={"reason": "She asked for it."}).raise_for_status()
            agrees.post(f"/erasures/{asked.json()['id']}/confirm").raise_for_status()
        eventually(self.is_erased, "Eva is erased")

    def is_erased(self) -> bool:
        """Whether Eva's erasure says that it is done."""
        with self.product.client(self.product.issue(self.admins[0])) as client:
            found = client.get("/erasures", params={"person_id": self.eva, "state": "done"}).raise_for_status()
        return bool(found.json()["items"])

    def seen(self) -> tuple[Any, Any, bytes]:
        """How Eva stands there, what her token is answered, and how Ann stands there."""
        with self.product.client(self.product.issue(self.admins[0])) as client:
            client.headers["Cairn-After"] = ",".join(self.product.heads("acme"))
            eva, ann = (client.get(f"/people/{one}").raise_for_status() for one in (self.eva, self.ann))
        return {name: value for name, value in eva.json().items() if name not in MOVES}, self.refused(), ann.content

    def refused(self) -> Any:
        """What Eva's token is answered."""
        with self.product.client(self.product.issue(self.eva)) as client:
            answer = client.get("/me")
        return answer.status_code, answer.json()


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with start(tmp_path) as product:
        yield Installation(product)


def consumers(product: Product) -> list[dict[str, Any]]:
    """What each consumer says of itself."""
    found = httpx2.get(f"{product.url}/readyz", timeout=5).json()["services"].values()
    return [part for service in found for part in service.get("parts", {}).values() if "lag" in part]


def all_stopped(product: Product) -> bool:
    try:
        found = consumers(product)
    except httpx2.TransportError:
        return False
    return len(found) == CONSUMERS and all(one["state"] == "store_restored" for one in found)


def answers(product: Product, askers: list[str], goals: list[str]) -> dict[str, tuple[int, bytes]]:
    """What everybody is told about everything."""
    paths = ["/me", "/people", "/goals?limit=100", "/goals/tree?depth=3"]
    for goal in goals:
        paths += [f"/goals/{goal}{more}" for more in ("", "/check-ins", "/rollup", "/history", "/trend")]
    found = {}
    for asker in askers:
        with product.client(product.issue(asker)) as client:
            client.headers["Cairn-After"] = ",".join(product.heads("acme"))
            for path in paths:
                answer = client.get(path)
                assert answer.status_code in (200, 403, 404), answer.text
                found[f"{asker} {path}"] = answer.status_code, answer.content
    return found


async def drill(tmp_path: Path, installation: Installation, *, by_hand: bool, beside: bool = False) -> None:
    """Backs up, goes on, erases Eva, goes back, does what it is told, and compares."""
    product = installation.product
    old = await asyncio.to_thread(installation.goal, installation.ann, "Before the backup")
    hers = await asyncio.to_thread(installation.goal, installation.eva, "Eva's secret plan")
    backup = tmp_path / "backup"
    assert (await asyncio.to_thread(inside, "backup", backup, "--data", product.data)).returncode == 0
    new = await asyncio.to_thread(installation.goal, installation.ann, "After the backup")
    await asyncio.to_thread(installation.check_in, old, installation.ann, 90)
    await asyncio.to_thread(installation.erase_eva)
    seen = await asyncio.to_thread(installation.seen)
    assert (seen[0]["state"], seen[0]["display_name"], seen[1][0]) == ("deactivated", None, 403)
    assert await asyncio.to_thread(product.stop) == 0

    await asyncio.to_thread(put_back_by_hand if by_hand else restore, product, backup)
    await asyncio.to_thread(product.launch)
    await asyncio.to_thread(eventually, lambda: all_stopped(product), "every consumer has stopped")
    assert httpx2.get(f"{product.url}/readyz").status_code == 503
    assert "store_restored" in product.words()
    assert "run `cairn rebuild --all`" in product.words()
    assert await asyncio.to_thread(installation.refused) == seen[1]
    if beside:
        told = await asyncio.to_thread(inside, "status", "--data", product.data)
        assert (told.returncode, "store_restored" in told.stdout, "rebuild --all" in told.stdout) == (1, True, True)
    else:
        assert await asyncio.to_thread(product.stop) == 0

    await rebuild(product, beside=beside)
    await asyncio.to_thread(eventually, installation.is_erased, "Eva is erased again")
    assert await asyncio.to_thread(installation.seen) == seen
    await asyncio.to_thread(a_second_start_appends_nothing, product)
    assert all((one["state"], one["lag"], one["parked"]) == ("running", 0, 0) for one in consumers(product))

    await check_answers(tmp_path, installation, old, hers, new)


async def rebuild(product: Product, *, beside: bool) -> None:
    """Beside the process that serves, whose consumers then go on by themselves, or before another one starts."""
    done = await asyncio.to_thread(run, "rebuild", "--all", "--data", product.data)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("There were no rows to compare with. Generation 2 serves.") == MODELS
    assert done.stdout.count("begins anew in the history that is there now.") == CONSUMERS - MODELS
    if beside:
        await asyncio.to_thread(eventually, product.ready, "every consumer goes on")
        assert product.starts == 2, "nobody started it a third time"
        told = await asyncio.to_thread(inside, "status", "--data", product.data)
        assert told.returncode == 0, told.stdout
    else:
        await asyncio.to_thread(product.restart)


async def check_answers(tmp_path: Path, installation: Installation, old: str, hers: str, new: str) -> None:
    """They are those of the restored history: byte for byte, without what was lost and without Eva's words."""
    product = installation.product
    found = await asyncio.to_thread(answers, product, [installation.ann, installation.eva], [old, hers, new])
    assert await asyncio.to_thread(product.stop) == 0
    assert found == await asyncio.to_thread(folded_from_nothing, tmp_path, installation, [old, hers, new])
    assert found[f"{installation.ann} /goals/{new}"][0] == 404, "it was forgotten"
    body = found[f"{installation.ann} /goals/{hers}"][1]
    assert b'"title":null' in body
    assert b'"erased":["' in body
    assert b'"current":10' in found[f"{installation.ann} /goals/{old}"][1]
    assert not any(b"secret plan" in content for _, content in found.values())


def a_second_start_appends_nothing(product: Product) -> None:
    before = product.written()
    assert product.stop() == 0
    product.restart()
    assert product.written() == before


def restore(product: Product, backup: Path) -> None:
    done = inside("restore", backup, "--data", product.data, "--replace")
    assert done.returncode == 0, done.stderr
    assert "the keys of 1 destroyed again" in done.stdout
    assert "rebuild --all --data" in done.stdout


def put_back_by_hand(product: Product, backup: Path) -> None:
    """As an operator would, with nothing but a shell."""
    for name in ("events/goals.db", "events/people.db", "keys.db"):
        for old in (product.data / name).parent.glob(f"{Path(name).name}*"):
            old.unlink()
        shutil.copyfile(backup / name, product.data / name)
    done = inside("restored", "--data", product.data)
    assert done.returncode == 0, done.stderr
    assert "Keys destroyed again: 1." in done.stdout


def folded_from_nothing(tmp_path: Path, installation: Installation, goals: list[str]) -> dict[str, tuple[int, bytes]]:
    """The answers of another installation, which has the restored log and never had any read model."""
    data = tmp_path / "fresh"
    data.mkdir(mode=0o700)
    for name in ("events", "keys.db", "key-encryption.key", "development-tokens.key"):
        source = installation.product.data / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, data / name)
    other = Product(data, free_port(), {})
    other.restart()
    try:
        return answers(other, [installation.ann, installation.eva], goals)
    finally:
        assert other.stop() == 0


@pytest.mark.parametrize("by_hand", [False, True], ids=["cairn restore", "by hand"])
async def test_the_drill_ends_consistent(tmp_path: Path, installation: Installation, by_hand: bool) -> None:
    await drill(tmp_path, installation, by_hand=by_hand)


async def test_it_ends_so_beside_the_process_that_stopped(tmp_path: Path, installation: Installation) -> None:
    await drill(tmp_path, installation, by_hand=False, beside=True)
