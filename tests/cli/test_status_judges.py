"""`cairn status` and `cairn doctor` judge a folder alike: keys, disk and restores, and consumers that try in vain."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from libs.events import envelope
from services.cli.status.problems import TRIES, of_consumers
from services.cli.status.shape import Consumer, ParkedKeys, Source
from tests.cli.installations import consumer, doctor, plant, status
from tests.product import Product, eventually, start

OTHER = base64.b64encode(secrets.token_bytes(32)).decode()


def _lost_keys(data: Path) -> dict[str, str]:
    (data / "keys.db").unlink()
    return {}


def _lost_keys_and_key(data: Path) -> dict[str, str]:
    (data / "keys.db").unlink()
    (data / "key-encryption.key").unlink()
    return {}


def _emptied_keys(data: Path) -> dict[str, str]:
    (data / "keys.db").write_bytes(b"")
    return {}


def _broken_keys(data: Path) -> dict[str, str]:
    (data / "keys.db").write_bytes(b"no database at all" * 1000)
    return {}


def _other_file(data: Path) -> dict[str, str]:
    (data / "key-encryption.key").write_text(OTHER)
    return {}


def _other_setting(data: Path) -> dict[str, str]:
    return {"CAIRN_KEY_ENCRYPTION_KEY": OTHER}


def _two_keys(data: Path) -> dict[str, str]:
    return {"CAIRN_KEY_ENCRYPTION_KEY": (data / "key-encryption.key").read_text().strip()}


def _no_key(data: Path) -> dict[str, str]:
    (data / "key-encryption.key").unlink()
    return {}


def _cut_short(data: Path) -> dict[str, str]:
    (data / "restore.unfinished").touch()
    return {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_lost_keys, "keys.db is missing or empty, but there are events"),
        (_lost_keys_and_key, "keys.db is missing or empty, but there are events"),
        (_emptied_keys, "keys.db is missing or empty, but there are events"),
        (_broken_keys, "keys.db: the keyring does not open with key-encryption.key"),
        (_other_file, "the keyring does not open with key-encryption.key"),
        (_other_setting, "the keyring does not open with CAIRN_KEY_ENCRYPTION_KEY"),
        (_two_keys, "CAIRN_KEY_ENCRYPTION_KEY is set, and key-encryption.key is there too"),
        (_no_key, "key-encryption.key is missing"),
        (_cut_short, "a restore was cut short"),
    ],
)
def test_both_say_the_same(data: Path, change: Callable[[Path], dict[str, str]], said: str) -> None:
    settings = change(data)
    [problem] = status(data, **settings)["problems"]
    assert said in problem["what"]
    code, wrong = doctor(data, **settings)
    assert (code, wrong) == (1, [f"FAIL {problem['what']}      -> {problem['remedy']}"])
    for secret in settings.values():
        assert secret not in problem["what"] + problem["remedy"]


def test_a_keyring_is_looked_at_and_not_begun(tmp_path: Path) -> None:
    found = status(tmp_path)
    assert (found["well"], list(tmp_path.iterdir())) == (True, [])


# --- consumers that try in vain -------------------------------------------------------------------------------------


def test_a_consumer_that_tries_for_ever(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        owner = product.person("ann@acme.example")
        with product.client(product.issue(owner)) as client:
            client.post("/goals", json={"title": "G", "kind": "objective", "owner_id": owner}).raise_for_status()
        eventually(lambda: consumer(status(product.data), "goals.goals")["position"] == 1, "it is applied")
        _needs_the_keyring(product)
        found = eventually(lambda: _told(product), "it is told", within=90)
        assert found["what"].startswith("goals.goals has tried ")
        assert "in vain: store_unavailable: data/keys.db was removed or replaced while it was open" in found["what"]
        [source] = consumer(status(product.data), "goals.goals")["sources"]
        assert (source["state"], source["failures"] >= TRIES) == ("waiting", True)
        part = httpx2.get(f"{product.url}/readyz", timeout=5).json()["services"]["goals"]["parts"]
        assert part["goals.goals from goals.events"]["reason"] == source["reason"]


def _needs_the_keyring(product: Product) -> None:
    """The next event of the goals is sealed under a key that nobody remembers, and the keyring is taken away."""
    path = product.data / "events/goals.db"
    [(body,)] = product.rows("goals", "SELECT state FROM stored_events")
    data = envelope.decode(body).data
    assert isinstance(data, dict)
    title = str(data["title"]).split(".")
    (product.data / "keys.db").rename(product.data / "keys.away")
    plant(path, "goals.goal-created.v2", data={**data, "title": f"{title[0]}.unknown.{title[2]}"})


def _told(product: Product) -> Mapping[str, Any] | None:
    found = status(product.data)["problems"]
    return next((one for one in found if one["what"].startswith("goals.goals has tried")), None)


def _waiting(name: str, failures: int, **given: Any) -> Consumer:
    source = Source(
        topic="goals.events",
        position=1,
        lag_events=1,
        lag_seconds=1.0,
        restored=False,
        state="waiting",
        reason="store_unavailable: SQLITE_BUSY: database is locked (read/goals.tree.1.db)",
        failures=failures,
        positions=None,
    )
    found = Consumer(
        name=name,
        service="goals",
        kind="read_model",
        generation=None,
        position=1,
        lag_events=1,
        lag_seconds=1.0,
        events_per_second=0.0,
        rebuilding=None,
        held=False,
        parked=ParkedKeys(keys=0, first=None),
        sources=[source],
        bytes=0,
        problem=None,
    )
    return msgspec.structs.replace(found, **given)


@pytest.mark.parametrize(
    ("consumers", "told"),
    [
        ([_waiting("goals.tree", TRIES - 1)], []),
        ([_waiting("goals.tree", TRIES)], ["goals.tree"]),
        # A rebuild or a replay has it, and lets it go.
        ([_waiting("goals.tree", TRIES, held=True)], []),
        # Words of who was erased are dropped once no rebuild is under way, however long that takes.
        ([_waiting("goals.erasures", TRIES, kind="reaction"), _waiting("goals.tree", 0, rebuilding=2)], []),
        ([_waiting("goals.erasures", TRIES, kind="reaction")], ["goals.erasures"]),
    ],
)
def test_what_passes_by_itself_is_no_problem(consumers: list[Consumer], told: list[str]) -> None:
    found = list(of_consumers(Path(".cairn"), consumers))
    assert [one.what.partition(" ")[0] for one in found] == told
    assert all("database is locked" in one.what for one in found)
