"""Who was erased stays erased: what is known of it is brought together, and destroyed again in a restored keyring."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from libs.events.adapters.sqlite.folder import TOMBSTONES
from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.adapters.sqlite.restored import destroyed_holders
from libs.privacy.tombstones import Tombstone, Tombstones
from libs.web.settings import ServiceSettings


def tombstones_of(settings: ServiceSettings) -> Tombstones:
    """The file of an installation."""
    return Tombstones(settings.tombstones or settings.data_dir / TOMBSTONES)


def destroyed_in(keys: Path) -> list[Tombstone]:
    """Whose key a keyring's file knows as destroyed; nobody's where there is none. Raises StoreUnavailable."""
    if not keys.exists():
        return []
    return [Tombstone(tenant, holder, datetime.fromisoformat(at)) for tenant, holder, at in destroyed_holders(keys)]


async def destroy_again(keys: Path, erased: Sequence[Tombstone]) -> int:
    """Destroys in a keyring's file what tombstones name and still opens; returns how many. Raises StoreUnavailable."""
    known = {(one.tenant, one.holder) for one in destroyed_in(keys)}
    due = [one for one in erased if (one.tenant, one.holder) not in known]
    store = SQLiteKeyStore(keys)
    try:
        for one in due:
            await store.destroy(one.tenant, one.holder, one.destroyed_at)
    finally:
        await store.close()
    return len(due)
