"""A full disk: writes say 503 and leave nothing behind, reads go on, and it recovers by itself when space is back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.web.app import BASE
from libs.web.settings import ServiceSettings
from services.cli.up import assemble
from services.gateway import wiring as gateway
from tests.faults.full_disk import FileSizes, SmallDisk, Space, can_mount, limit_pages, mounted
from tests.product import Product, ask, eventually, run, start

ROOM = 500
"""More check-ins than fit into what is left of a file that may not grow."""
NOTE = "x" * 9000


def body(number: int) -> dict[str, Any]:
    return {"value": number, "status": "on_track", "note": NOTE}


def key(number: int) -> dict[str, str]:
    return {"Idempotency-Key": f"check-in-{number}"}


def goal_of(person_id: str) -> dict[str, Any]:
    metric = {"start": 0, "target": 1000, "unit": "u"}
    return {"title": "G", "kind": "key_result", "owner_id": person_id, "metric": metric}


def refused(answer: httpx2.Response) -> None:
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json"), answer.text
    assert answer.json()["code"] == "store_unavailable"
    assert int(answer.headers["Retry-After"]) > 0
    assert "sqlite" not in answer.text.lower()


def values(answer: httpx2.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    return [one["value"] for one in answer.json()["items"]]


# --- a real process ---------------------------------------------------------------------------------------------


@pytest.fixture(params=[FileSizes, *([SmallDisk] if can_mount() else [])])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Product, Space]]:
    with ExitStack() as stack:
        if request.param is SmallDisk:
            stack.enter_context(mounted(tmp_path / "data"))
        product = stack.enter_context(start(tmp_path))
        yield product, request.param(product)


def test_a_full_disk_refuses_writes_until_there_is_space(place: tuple[Product, Space]) -> None:
    product, space = place
    person_id = product.person("ann@acme.example")
    with product.client(product.token("ann@acme.example")) as client:
        path = f"/goals/{client.post('/goals', json=goal_of(person_id)).json()['id']}"
        post = partial(check_in, client, path)
        after = {"Cairn-After": post(1).headers["Cairn-Position"]}
        # Nothing is under way any more that would itself need space.
        eventually(lambda: only(200, client.get(path, headers=after)), "the goal's row is there")
        eventually(lambda: client.get("/me").status_code == 200, "the person's row is there")
        space.use_up()
        taken = 1
        while (answer := post(taken + 1)).status_code == 201:
            taken += 1
            assert taken < ROOM, "it never ran out of space"
        events = product.written()["goals"]
        for _ in range(3):
            refused(answer)
            answer = post(taken + 1)
        refused(client.post("/goals", json=goal_of(person_id) | {"description": NOTE}))
        # Nothing of what was refused is there; what was taken is, and is shown as far as rows could be written.
        assert product.written()["goals"] == events == (1 + taken, 1 + taken)
        shown = values(client.get(f"{path}/check-ins?limit=500"))
        assert shown == list(range(len(shown), 0, -1))
        assert len(shown) <= taken
        assert client.get(path).status_code == 200
        assert client.get("/me").status_code == 200

        space.free()
        made = eventually(lambda: only(201, post(taken + 1)), "writes are taken again")
        assert post(taken + 1).json() == made.json()
        after = {"Cairn-After": made.headers["Cairn-Position"]}
        caught_up = eventually(lambda: only(200, client.get(path, headers=after)), "the read model has caught up")
        assert caught_up.json()["metric"]["current"] == taken + 1
        assert values(client.get(f"{path}/check-ins?limit=500", headers=after)) == list(range(taken + 1, 0, -1))
    verdict = run("doctor", "--data", product.data)
    # A small disk has little space left: that is all that may be found.
    assert [line for line in verdict.stdout.splitlines() if line.startswith("FAIL") and " MB free" not in line] == []


def check_in(client: httpx2.Client, path: str, number: int) -> httpx2.Response:
    return client.post(f"{path}/check-ins", json=body(number), headers=key(number))


def only(status: int, answer: httpx2.Response) -> httpx2.Response | None:
    assert answer.status_code in (status, 503), answer.text
    return answer if answer.status_code == status else None


# --- the same parts in this process, with a store that may not grow ---------------------------------------------


@pytest.mark.parametrize("room", [0, 3, 11])
async def test_a_store_that_may_not_grow_refuses_writes_until_it_may(tmp_path: Path, room: int) -> None:
    async with AsyncExitStack() as stack:
        installation = await assemble(ServiceSettings(data_dir=tmp_path / "data"), stack)
        parts = installation.parts
        person_id = await installation.people.identify("acme", None, "ann@acme.example", [])
        token = parts.issuer.issue("acme", person_id, now=parts.clock.now(), ttl=timedelta(hours=1))
        client = await stack.enter_async_context(gateway.in_process("cairn", installation.gateway))
        client.headers["Authorization"] = f"Bearer {token}"
        made = await client.post(f"{BASE}/goals", json=goal_of(person_id))
        path = made.headers["Location"]
        store = parts.folder.event_store("goals")

        async def post(number: int) -> httpx2.Response:
            return await client.post(f"{path}/check-ins", json=body(number), headers=key(number))

        limit_pages(store, room)
        taken = 0
        while (
            answer := await client.post(f"{path}/check-ins", json=body(taken + 1), headers=key(taken + 1))
        ).is_success:
            taken += 1
            assert taken < ROOM, "it never ran out of pages"
        refused(answer)
        again = await client.post(f"{path}/check-ins", json=body(taken + 1), headers=key(taken + 1))
        refused(again)
        count = "SELECT (SELECT count(*) FROM stored_events) || ' ' || (SELECT count(*) FROM commands) || ' ' || "
        count += "(SELECT count(*) FROM sequences) || ' ' || (SELECT sum(sequence) FROM heads)"
        assert ask(store.path, count) == f"{1 + taken} {1 + taken} {1 + taken} {1 + taken}"
        after = {"Cairn-After": f"goals:{1 + taken}"}
        assert values(await client.get(f"{path}/check-ins", headers=after)) == list(range(taken, 0, -1))
        # The other service's store has all the space that it needs.
        assert (await client.get(f"{BASE}/me")).status_code == 200

        limit_pages(store, None)
        made = await post(taken + 1)
        assert made.status_code == 201, made.text
        after = {"Cairn-After": made.headers["Cairn-Position"]}
        assert values(await client.get(f"{path}/check-ins", headers=after)) == list(range(taken + 1, 0, -1))
