"""A backup beside clients who write: holds them up in nothing, and has all that was acknowledged before it began."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import count
from pathlib import Path

import anyio
import httpx2
import pytest

from libs.events.adapters.sqlite.backup import Backup
from libs.events.adapters.sqlite.folder import KEYS
from libs.events.clock import SystemClock
from libs.events.errors import KeyMissing
from libs.events.reader import Unread
from libs.web.embedded import Embedded
from libs.web.settings import ServiceSettings
from tests.faults.load import Asker, Load, Told
from tests.faults.test_kill import listed
from tests.product import API, SOON, Product, free_port, run

BACKUPS = 5


async def test_a_backup_under_load_is_consistent(product: Product, askers: list[Asker], tmp_path: Path) -> None:
    load, before = Load(product.url, random.Random(1)), list[Sequence[Told]]()
    async with anyio.create_task_group() as clients:
        load.up.set()
        for asker in askers:
            clients.start_soon(load.work, asker)
        for number in range(BACKUPS):
            await load.more(40)
            before.append(tuple(load.told))
            newcomer = asyncio.create_task(asyncio.to_thread(product.person, f"new{number}@acme.example"))
            done = await asyncio.to_thread(run, "backup", tmp_path / f"b{number}", "--data", product.data)
            assert done.returncode == 0, done.stderr
            await newcomer
        during = len(load.told) - len(before[-1])
        load.stopped = True
    assert during > 0, "nobody wrote meanwhile: this run proves nothing"
    product.kill()
    for number in range(BACKUPS):
        copy = tmp_path / f"r{number}"
        done = await asyncio.to_thread(run, "restore", tmp_path / f"b{number}", "--data", copy)
        assert done.returncode == 0, done.stderr
        await every_event_opens(copy)
    await all_is_there(copy, before[-1])


class KeysFirst(Backup):
    """Planted: the keyring is copied before the events."""

    def _database(self, draft: Path, path: str) -> None:
        if not self._files:
            super()._database(draft, KEYS)
        if path != KEYS:
            super()._database(draft, path)


@pytest.mark.parametrize(("kind", "missing"), [(Backup, False), (KeysFirst, True)])
async def test_who_joins_while_it_copies_has_a_key_in_it(tmp_path: Path, kind: type[Backup], missing: bool) -> None:
    data, told = tmp_path / "data", count(1)

    def join(*_: object) -> None:
        """Once, when the first file is copied and its digest is taken."""
        if next(told) == 2:
            run("token", "--tenant", "acme", "--email", "pat@acme.example", "--data", data).check_returncode()

    await asyncio.to_thread(run, "token", "--tenant", "acme", "--email", "ann@acme.example", "--data", data)
    now = SystemClock().now()
    await asyncio.to_thread(kind(data, data / "none", "0", now, join).write, tmp_path / "backup")
    done = await asyncio.to_thread(run, "restore", tmp_path / "backup", "--data", tmp_path / "copy")
    assert done.returncode == 0, done.stderr
    with pytest.raises(KeyMissing) if missing else nullcontext():
        await every_event_opens(tmp_path / "copy")


async def every_event_opens(data: Path) -> None:
    """Raises KeyMissing for an event whose key is not in the keyring."""
    parts = Embedded(ServiceSettings(data_dir=data))
    try:
        await parts.open_keyring()
        for service in ("people", "goals"):
            records = await parts.folder.event_store(service).read_log(0, 1_000_000)
            facts = await parts.reader.facts([Unread(record.body, record.sequence) for record in records])
            assert len(facts) == len(records)
            assert [fact for fact in facts if fact.erased] == []
    finally:
        await parts.close()


async def all_is_there(data: Path, told: Sequence[Told]) -> None:
    """A restored copy answers for everything that was acknowledged before its backup began."""
    product = Product(data, free_port(), {})
    product.restart()
    wanted: dict[tuple[Asker, str], set[int]] = defaultdict(set)
    for one in told:
        command = one.command
        if command.goal_id is None:
            wanted[command.asker, one.body["id"]] |= set()
        else:
            wanted[command.asker, command.goal_id].add(command.body["value"])
    try:
        async with httpx2.AsyncClient(base_url=product.url + API, timeout=SOON) as client:
            for (asker, goal_id), values in wanted.items():
                after = ",".join(product.heads(asker.tenant))
                token = product.issue(asker.person_id, tenant=asker.tenant)
                headers = {"Authorization": f"Bearer {token}", "Cairn-After": after}
                found = await listed(client, f"/goals/{goal_id}/check-ins?limit=100", headers)
                assert values <= {one["value"] for one in found}
    finally:
        assert product.stop() == 0
