"""Records what today's code stores, before it changes: `python -m tests.events.histories.record NAME`.

`--expect NAME` makes only the expected rows anew, for a fold that changed on purpose; events and keys never change.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from libs.events.ports import WrappedKey
from tests.events.histories.keeping import FOLDER, KEK_SETTING, SERVICES, History, folded, found_in
from tests.events.samples.keys import SampleKeys
from tests.journeys.everything import live
from tests.journeys.team import Team
from tests.product import rows, start

_KEYS = (
    "SELECT h.tenant, h.holder, h.key_id, s.wrapped, h.created_at FROM holders h JOIN slots s ON s.slot = h.slot "
    "WHERE h.tenant != '-' ORDER BY h.rowid"
)


def record(name: str) -> None:
    """Everything that happens in the journeys' story, as a served product stores it today."""
    with TemporaryDirectory() as scratch, start(Path(scratch), CAIRN_KEY_ENCRYPTION_KEY=KEK_SETTING) as product:
        live(Team(product))
        assert product.stop() == 0
        keep(name, product.data)


def keep(name: str, data: Path, folder: Path = FOLDER) -> None:
    """The log of a stopped installation's data folder, with the keys that open it."""
    history = History(folder / name)
    history.folder.mkdir()
    for service in SERVICES:
        stored = rows(data / "events" / f"{service}.db", "SELECT state FROM stored_events ORDER BY rowid")
        (history.folder / f"{service}.ndjson").write_bytes(b"".join(body + b"\n" for (body,) in stored))
    keys = [WrappedKey(*one, datetime.fromisoformat(at)) for *one, at in rows(data / "keys.db", _KEYS)]
    asyncio.run(SampleKeys(history.folder, writes=True).insert_many(keys))
    asyncio.run(expect(history))


async def expect(history: History) -> None:
    """Keeps what today's code folds it into. Look at the difference before you commit it."""
    with TemporaryDirectory() as scratch:
        async with folded(history, Path(scratch) / "data") as home:
            history.expect(await found_in(home, history))


def main(arguments: list[str]) -> int:
    """1 where nothing was made."""
    match arguments:
        case ["--expect", name] if (FOLDER / name).exists():
            asyncio.run(expect(History(FOLDER / name)))
        case [name] if not name.startswith("-") and not (FOLDER / name).exists():
            record(name)
        case _:
            print(f"{__doc__}\nA history that is there is never recorded again.", file=sys.stderr)
            return 1
    print(f"made {name}: look at its files, then commit them")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
