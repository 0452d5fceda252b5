"""Files that another process holds: writes wait, then say 503 and change nothing; all goes on once they are let go."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from tests.product import SOON, Product, eventually, held, run, start

Ask = Callable[[], httpx2.Response]
PATIENT = 4.0
"""Less than the time that a store waits for another process (5 s), more than anything that does not wait."""


@dataclass
class Timed:
    """An answer and how long it took, in seconds."""

    answer: httpx2.Response
    seconds: float


@dataclass
class Scene:
    """A product whose files are all held at once, so that all the waiting is one wait; and what it answered then."""

    product: Product
    person_id: str
    token: str
    admin: str
    goal_id: str = ""
    before: dict[str, tuple[int, int]] = field(default_factory=dict)
    after: dict[str, tuple[int, int]] = field(default_factory=dict)
    unseen: httpx2.Response | None = None
    answers: dict[str, Timed] = field(default_factory=dict)

    def ask(self, method: str, path: str, token: str | None = None, **options: Any) -> httpx2.Response:
        """One request on a connection of its own."""
        with self.product.client(token or self.token) as client:
            return client.request(method, path, **options)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with start(tmp_path_factory.mktemp("locked")) as product:
        person_id, token = product.person("ann@acme.example"), product.token("ann@acme.example")
        scene = Scene(product, person_id, token, product.token("root@acme.example", "admin"))
        goal = scene.ask("POST", "/goals", json={"title": "G", "kind": "objective", "owner_id": person_id})
        scene.goal_id = goal.json()["id"]
        scene.ask("GET", f"/goals/{scene.goal_id}", headers={"Cairn-After": goal.headers["Cairn-Position"]})
        with ExitStack() as rows:
            for path in sorted((product.data / "read").glob("goals.*.db")):
                rows.enter_context(held(path))
            scene.unseen = scene.ask("POST", f"/goals/{scene.goal_id}/check-ins", json=CHECK_IN)
            scene.before = product.written()
            with ExitStack() as others:
                for name in ("events/goals.db", "keys.db"):
                    others.enter_context(held(product.data / name))
                scene.answers = at_once(scene)
            scene.after = product.written()
        yield scene


CHECK_IN = {"status": "on_track", "progress": 0.5}
NEWCOMER = {"display_name": "New", "email": "new@acme.example"}


def at_once(scene: Scene) -> dict[str, Timed]:
    """What is answered while everything is held, all asked at the same time."""
    assert scene.unseen is not None
    goal, position = f"/goals/{scene.goal_id}", scene.unseen.headers["Cairn-Position"]
    waiting: dict[str, Ask] = {
        "check in": lambda: scene.ask("POST", f"{goal}/check-ins", json={**CHECK_IN, "note": "Held."}),
        "add person": lambda: scene.ask("POST", "/people", scene.admin, json=NEWCOMER),
        "read after": lambda: scene.ask("GET", goal, headers={"Cairn-After": position}),
        "ready": lambda: scene.ask("GET", f"{scene.product.url}/readyz"),
    }
    meanwhile: dict[str, Ask] = {
        "read": lambda: scene.ask("GET", goal),
        "list": lambda: scene.ask("GET", f"{goal}/check-ins"),
    }

    def timed(call: Ask) -> Timed:
        began = time.monotonic()
        return Timed(call(), time.monotonic() - began)

    with ThreadPoolExecutor(len(waiting) + len(meanwhile)) as pool:
        running = {name: pool.submit(timed, call) for name, call in waiting.items()}
        # Reads are asked for while everything that waits does wait.
        wait(running.values(), timeout=PATIENT / 8)
        running |= {name: pool.submit(timed, call) for name, call in meanwhile.items()}
        return {name: one.result() for name, one in running.items()}


def refused(timed: Timed, code: str) -> None:
    answer = timed.answer
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json"), answer.text
    assert answer.json()["code"] == code
    assert int(answer.headers["Retry-After"]) > 0
    assert timed.seconds > PATIENT, "it did not wait"


def test_a_write_to_a_held_event_store_waits_and_is_refused(scene: Scene) -> None:
    refused(scene.answers["check in"], "store_unavailable")


def test_a_new_key_in_a_held_keyring_is_waited_for_and_refused(scene: Scene) -> None:
    refused(scene.answers["add person"], "store_unavailable")


def test_reads_go_on_meanwhile(scene: Scene) -> None:
    for name in ("read", "list"):
        timed = scene.answers[name]
        assert (timed.answer.status_code, timed.seconds < PATIENT) == (200, True), f"{name}: {timed}"


def test_it_says_that_it_is_not_ready_and_which_service_is_not(scene: Scene) -> None:
    answer = scene.answers["ready"].answer
    assert answer.status_code == 503
    ready = {name: service["ready"] for name, service in answer.json()["services"].items()}
    assert ready == {"people": True, "goals": False}


def test_a_write_beside_a_held_read_store_is_taken_and_not_yet_seen(scene: Scene) -> None:
    assert scene.unseen is not None
    assert scene.unseen.status_code == 201
    assert scene.answers["read"].answer.json()["version"] == 1
    assert scene.answers["list"].answer.json()["items"] == []
    refused(scene.answers["read after"], "not_caught_up")


def test_nothing_was_half_written(scene: Scene) -> None:
    assert scene.after == scene.before


def test_it_goes_on_by_itself(scene: Scene) -> None:
    """The read model catches up, and the same requests are taken, once each."""
    assert scene.unseen is not None
    goal, position = f"/goals/{scene.goal_id}", scene.unseen.headers["Cairn-Position"]
    caught_up = eventually(
        lambda: ok(scene.ask("GET", goal, headers={"Cairn-After": position})), "the read model has caught up"
    )
    assert caught_up.json()["version"] == 2
    made = scene.ask("POST", f"{goal}/check-ins", json={**CHECK_IN, "note": "Held."})
    assert (made.status_code, made.headers["ETag"]) == (201, '"3"')
    assert scene.ask("POST", "/people", scene.admin, json=NEWCOMER).status_code == 201
    assert len(scene.ask("GET", f"{goal}/check-ins").json()["items"]) == 2
    eventually(lambda: ok(scene.ask("GET", f"{scene.product.url}/readyz")), "it is ready again")
    verdict = run("doctor", "--data", scene.product.data)
    assert verdict.returncode == 0, verdict.stdout


def test_a_write_is_taken_when_the_store_is_let_go_in_time(scene: Scene) -> None:
    path = f"/goals/{scene.goal_id}/check-ins"
    with ThreadPoolExecutor(1) as pool:
        with held(scene.product.data / "events" / "goals.db"):
            waiting = pool.submit(scene.ask, "POST", path, json=CHECK_IN)
            assert not wait([waiting], timeout=PATIENT / 4).done
        made = waiting.result(SOON)
    assert made.status_code == 201, made.text


def ok(answer: httpx2.Response) -> httpx2.Response | None:
    return answer if answer.status_code == 200 else None
