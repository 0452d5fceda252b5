"""The destruction of a person's key, so that no backup brings it back: a tombstone first, then the key (promise 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
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

    async def known(self) -> list[Tombstone]:
        """Everybody who has a tombstone, oldest first."""
        return await asyncio.to_thread(self.tombstones.read)

    async def standing(self, known: Iterable[Tombstone]) -> list[Tombstone]:
        """Those of them whose keys stand all the same, or could be made: as after a restore."""
        tenants: dict[str, list[Tombstone]] = {}
        for one in known:
            tenants.setdefault(one.tenant, []).append(one)
        found: list[Tombstone] = []
        for tenant, ones in tenants.items():
            destroyed = await self.keyring.destroyed(tenant, [one.holder for one in ones])
            found += [one for one in ones if one.holder not in destroyed]
        return found

    async def destroy_again(self, standing: Iterable[Tombstone]) -> None:
        """Destroys their keys, or their right to ever have one."""
        for one in standing:
            await self.keyring.destroy(one.tenant, one.holder)
