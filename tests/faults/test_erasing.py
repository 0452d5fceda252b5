"""A person is erased in a running product: no file of it holds a word of theirs any more, and nothing else is lost."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.events.erasure_life import IN_STREAMS, SUPERSEDED, WHO, found_of, joined, left_out, lived, planted
from tests.product import Product, eventually, inside, run, start
from tests.told import Told


class Company:
    """A tenant in which the victim works between a boss and a report, and two administrators."""

    def __init__(self, product: Product) -> None:
        self.product, self.told, self.ids = product, Told(), dict[str, str]()
        self.clients: dict[str, httpx2.Client] = {}
        for name in ("admin", "other"):
            self.clients[name] = product.client(product.token(f"{name}@t.example", "admin"), told=self.told)

    async def act(self, who: str, method: str, path: str, body: Any) -> Any:
        """See `Act`."""
        answer = self.clients[who].request(method, path, json=body)
        assert answer.is_success, f"HTTP {method} {path} of {who}: {answer.text}"
        return answer.json()

    def live(self) -> None:
        """They join and do everything."""
        asyncio.run(self._live())

    async def _live(self) -> None:
        for who, above, role in (("boss", None, None), ("victim", "boss", "admin"), ("report", "victim", None)):
            self.ids[who] = await joined(self.act, who, self.ids.get(above or ""), role)
            self.clients[who] = self.product.client(self.product.issue(self.ids[who]), told=self.told)
        await lived(self.act, self.ids)

    def confirm(self) -> None:
        """The other administrator agrees: from here on everything follows by itself."""
        answer = self.clients["other"].post(f"/erasures/{self.ids['erasure']}/confirm")
        assert answer.status_code == 200, answer.text

    def is_done(self) -> bool:
        """Whether the erasure says that it is."""
        return bool(self.get(f"/erasures/{self.ids['erasure']}")["state"] == "done")

    def get(self, path: str) -> Any:
        """What is there, for an administrator or whoever sees it."""
        answer = self.clients["boss" if path.startswith("/goals") else "admin"].get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()

    def numbers(self) -> Any:
        """The tree as the boss sees it, without what is said in words."""
        nodes = self.get("/goals/tree?depth=10")["nodes"]
        return [{name: value for name, value in one.items() if name not in ("title", "erased")} for one in nodes]

    def close(self) -> None:
        """Closes every client."""
        for client in self.clients.values():
            client.close()


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with start(tmp_path) as product:
        company = Company(product)
        company.live()
        yield company
        company.close()


def readable(folder: Path) -> Mapping[str, set[str]]:
    """By person, which of the texts that they left stand in clear in some file."""
    return {who: found_of(folder, who) for who in WHO}


def test_no_file_holds_a_word_of_who_was_erased(company: Company) -> None:
    product = company.product
    bodies = [
        body for service in ("people", "goals") for (body,) in product.rows(service, "SELECT state FROM stored_events")
    ]
    assert left_out(bodies, company.ids["victim"]) == set(), "plant a text there too"
    before, numbers = readable(product.data), company.numbers()
    assert planted("victim").keys() - before["victim"] - SUPERSEDED == IN_STREAMS, "the search must find what is there"
    company.confirm()
    eventually(company.is_done, "the erasure is done")
    found = readable(product.data)
    assert found["victim"] == set(), "while it runs"
    for who in ("boss", "report"):
        assert found[who] - SUPERSEDED == before[who] - SUPERSEDED, f"the words of {who} stay"
    assert company.numbers() == numbers
    receipt = company.get(f"/erasures/{company.ids['erasure']}")["receipt"]
    assert {one["service"]: one["events"] for one in receipt["events"]}.keys() == {"people", "goals"}
    assert all(one["events"] > 3 for one in receipt["events"])
    assert product.stop() == 0
    assert readable(product.data)["victim"] == set(), "after it ended"
    assert not any(text in product.words() for text in planted("victim").values())
    product.restart()
    assert readable(product.data)["victim"] == set(), "after it began again"
    assert company.numbers() == numbers
    goal = company.get(f"/goals/{company.ids['goal of victim']}")
    assert (goal["title"], goal["labels"], goal["metric"]["unit"]) == (None, [None, None], None)
    assert {"title", "description", "labels.0", "labels.1", "metric.unit", "external_ref.id"} <= set(goal["erased"])


def test_no_file_holds_a_word_of_them_after_a_backup_with_all_their_words_was_restored(
    company: Company, tmp_path: Path
) -> None:
    product, victim = company.product, company.ids["victim"]
    backup = tmp_path / "backup"
    assert inside("backup", backup, "--data", product.data).returncode == 0
    company.confirm()
    eventually(company.is_done, "the erasure is done")
    before, boss = (company.get(f"/people/{company.ids[who]}") for who in ("victim", "boss"))
    numbers = company.numbers()
    assert product.stop() == 0
    done = inside("restore", backup, "--data", product.data, "--replace")
    assert done.returncode == 0, done.stderr
    done = run("rebuild", "--all", "--data", product.data)
    assert done.returncode == 0, done.stderr
    product.restart()
    company.told.positions.clear()
    eventually(company.is_done, "the erasure is done again")
    for head in product.heads("acme"):
        company.told.hear(httpx2.Response(200, headers={"Cairn-Position": head}))
    after = company.get(f"/people/{victim}")
    for name in ("state", "display_name", "email", "erased", "roles", "allowed_actions"):
        assert after[name] == before[name], name
    assert company.get(f"/people/{company.ids['boss']}") == boss
    assert company.numbers() == numbers
    assert readable(product.data)["victim"] == set()
    refused = company.clients["victim"].get("/me")
    assert (refused.status_code, refused.json()["code"]) == (403, "unknown_principal")


def test_killed_at_any_moment_it_is_carried_out_all_the_same(company: Company) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    product, numbers = company.product, company.numbers()
    company.confirm()
    for _ in range(4):
        end = time.monotonic() + chance.uniform(0, 0.1)
        while time.monotonic() < end:
            continue
        product.kill()
        product.restart()
    eventually(company.is_done, "the erasure is done")
    assert readable(product.data)["victim"] == set()
    assert company.numbers() == numbers
    kinds = "SELECT topic, count(*) FROM stored_events WHERE topic LIKE '%eras%' GROUP BY topic"
    assert dict(product.rows("people", kinds)) == {
        "people.erasure-requested.v1": 2,
        "people.erasure-confirmed.v1": 1,
        "people.person-erased.v1": 1,
        "people.erasure-completed.v1": 1,
    }
