"""The destruction of a person's key, so that no backup brings it back: a tombstone first, then the key (promise 7)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from libs.events.ports import Clock
from libs.privacy.keyring import Keyring
from libs.privacy.tombstones import Tombstone, Tombstones


@dataclass(frozen=True)
class Eraser:
    """Every method may be repeated, and raises StoreUnavailable: then nothing is lost by trying again."""

    tombstones: Tombstones
    keyring: Keyring
    clock: Clock

    async def destroy(self, tenant: str, holder: str) -> str | None:
        """Destroys the holder's key for good; returns its id, None when nothing was ever sealed for them."""
        tombstone = Tombstone(tenant, holder, self.clock.now())
        # First: killed before the key is gone, the next start destroys it.
        await asyncio.to_thread(self.tombstones.add, [tombstone])
        key_id = await self.keyring.key_id(tenant, holder)
        await self.keyring.destroy(tenant, holder)
        return key_id

    async def destroy_again(self) -> int:
        """Destroys every key that has a tombstone and still stands, as after a restore; returns how many there were."""
        tenants: dict[str, list[str]] = {}
        for one in await asyncio.to_thread(self.tombstones.read):
            tenants.setdefault(one.tenant, []).append(one.holder)
        standing = 0
        for tenant, holders in tenants.items():
            destroyed = await self.keyring.destroyed(tenant, holders)
            for holder in holders:
                if holder not in destroyed:
                    await self.keyring.destroy(tenant, holder)
                    standing += 1
        return standing
