"""The keyring: between sealing and key store; makes, wraps, remembers for half a minute, and destroys holders' keys.

A key is durable before it is used, so no stored text is ever without the key that opens it.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from libs.events.errors import HolderErased, KernelError, KeyMissing, MalformedEvent
from libs.events.expiring import Expiring
from libs.events.ports import Clock, KeyStore, WrappedKey
from libs.privacy.framing import frame
from libs.privacy.holder_key import KEY_BYTES, HolderKey

REMEMBERED_FOR = timedelta(seconds=30)
"""With the lifetime of folded states, which a key of this age may still have opened, it makes the promised 60 s."""
RESERVED = "secret:"
_WRAPPING = "cairn-key1"
_NONCE_BYTES = 12
# No tenant can have this name: names begin with a letter or a digit.
_PROBE_TENANT, _PROBE_HOLDER = "-", "probe"


class KeyEncryptionKeyWrong(KernelError):
    """The keyring does not open: the key encryption key is another one than it was written with, or it was altered."""

    def __init__(self) -> None:
        super().__init__(
            "the keyring does not open with this key encryption key: give CAIRN_KEY_ENCRYPTION_KEY (or the key file) "
            "that it was written with, or restore the keyring from its backup"
        )


class KeyringMissing(KernelError):
    """There are sealed events, but not the keyring or the key that opens them: a fault, and no reason to begin anew."""


def keyed_hash(secret: bytes, *parts: str | bytes) -> str:
    """HMAC-SHA256 of the parts as 64 hex digits; no two lists of parts run together. Text counts as its UTF-8 bytes."""
    return hmac.digest(secret, frame(*parts), "sha256").hex()


class Keyring:
    """Holders' keys of all tenants. Every method raises StoreUnavailable and KeyEncryptionKeyWrong.

    `kek` is 32 bytes. Opened keys stay in memory for at most 30 seconds, at most `limit` of them.
    """

    def __init__(self, keys: KeyStore, kek: bytes, clock: Clock, *, limit: int = 20_000) -> None:
        self._keys, self._clock = keys, clock
        self._wrapping = AESGCM(kek)
        self._by_holder: Expiring[tuple[str, str], HolderKey] = Expiring(limit)
        self._by_id: Expiring[tuple[str, str], HolderKey] = Expiring(limit)
        self._destructions = 0
        self._verified = False

    async def for_holder(self, tenant: str, holder: str) -> HolderKey:
        """The holder's key, made if there is none. Raises HolderErased; MalformedEvent for a name no holder has."""
        return (await self.for_holders(tenant, (holder,)))[holder]

    async def for_holders(self, tenant: str, holders: Collection[str]) -> Mapping[str, HolderKey]:
        """The holders' keys, missing ones made; none is made if one of the holders is erased (HolderErased)."""
        found = await self.for_pairs((tenant, holder) for holder in holders)
        return {holder: key for (_, holder), key in found.items()}

    async def for_pairs(self, pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], HolderKey]:
        """As `for_holders`, for `(tenant, holder)` pairs: what is missing is made in one write, or nothing is."""
        wanted = list(dict.fromkeys(pairs))
        for _, holder in wanted:
            _check_name(holder)
        return await self._find_or_make(wanted)

    async def for_ids(self, pairs: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], HolderKey | None]:
        """The keys of `(tenant, key id)` pairs; None for a destroyed one. Raises KeyMissing for one without a trace."""
        now, destructions = self._clock.now(), self._destructions
        wanted = set(pairs)
        found: dict[tuple[str, str], HolderKey | None] = {}
        for pair in wanted:
            key = self._by_id.get(pair, now)
            if key is not None:
                found[pair] = key
        missing = wanted - found.keys()
        if not missing:
            return found
        stored = await self._keys.by_id(missing)
        for pair in missing:
            wrapped = stored.get(pair)
            if wrapped is None:
                # Shown to whoever asks whether the service is ready, so it names no tenant.
                raise KeyMissing(f"key {pair[1]} is gone without a tombstone: restore the keyring")
            key = self._unwrap(wrapped)
            found[pair] = key
            if key is not None and destructions == self._destructions:
                self._by_id.put(pair, key, now, now + REMEMBERED_FOR)
        return found

    async def destroy(self, tenant: str, holder: str) -> None:
        """Destroys the holder's key for good, or the right to ever have one. Repeating it is harmless."""
        _check_name(holder)
        await self._keys.destroy(tenant, holder, self._clock.now())
        # A look-up that began before this point may still come back with the key: it must not be remembered.
        self._destructions += 1
        for cache in (self._by_holder, self._by_id):
            cache.drop(lambda key: (key.tenant, key.holder) == (tenant, holder))

    async def key_id(self, tenant: str, holder: str) -> str | None:
        """The id of the holder's key, also of a destroyed one; None when nothing was ever sealed for them."""
        found = (await self._keys.by_holder(tenant, (holder,))).get(holder)
        return None if found is None or found.key_id == f"none:{holder}" else found.key_id

    async def destroyed(self, tenant: str, holders: Collection[str]) -> frozenset[str]:
        """Those of the holders whose keys are destroyed."""
        found = await self._keys.by_holder(tenant, holders)
        return frozenset(holder for holder, key in found.items() if key.wrapped is None)

    async def erasures(self) -> int:
        """How many keys were destroyed so far, by any process. What is remembered of others' is forgotten with it."""
        self._destructions += 1
        for cache in (self._by_holder, self._by_id):
            cache.drop(lambda _: True)
        return await self._keys.destroyed()

    def sweep(self) -> None:
        """Forgets opened keys that are too old to be used."""
        for cache in (self._by_holder, self._by_id):
            cache.sweep(self._clock.now())

    async def secret(self, tenant: str, purpose: str) -> bytes:
        """The tenant's own 32 bytes for keyed hashes of one purpose; the same in every process, for ever."""
        pair = (tenant, RESERVED + purpose)
        return (await self._find_or_make([pair]))[pair].hashing_secret

    async def begun(self) -> bool:
        """Whether this keyring was ever verified by anybody. Writes nothing."""
        return _PROBE_HOLDER in await self._keys.by_holder(_PROBE_TENANT, (_PROBE_HOLDER,))

    async def verify(self, *, make: bool = True) -> None:
        """Raises KeyEncryptionKeyWrong unless this key encryption key is the one that the keyring began with.

        A new keyring begins with this one; without `make` it stays new, and nothing is written.
        """
        if make:
            probe = await self._keys.insert_if_absent(self._wrap(_PROBE_TENANT, _PROBE_HOLDER))
        else:
            stored = await self._keys.by_holder(_PROBE_TENANT, (_PROBE_HOLDER,))
            if _PROBE_HOLDER not in stored:
                return
            probe = stored[_PROBE_HOLDER]
        self._unwrap(probe)
        self._verified = True

    async def _find_or_make(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], HolderKey]:
        now, destructions = self._clock.now(), self._destructions
        found: dict[tuple[str, str], HolderKey] = {}
        asked: dict[str, list[str]] = {}
        for tenant, holder in pairs:
            key = self._by_holder.get((tenant, holder), now)
            if key is not None:
                found[tenant, holder] = key
            else:
                asked.setdefault(tenant, []).append(holder)
        if not asked:
            return found
        stored = [
            key for tenant, holders in asked.items() for key in (await self._keys.by_holder(tenant, holders)).values()
        ]
        opened = {(key.tenant, key.holder): self._open(key) for key in stored}
        missing = [pair for pair in pairs if pair not in found and pair not in opened]
        if missing:
            opened |= await self._make(missing)
        if destructions == self._destructions:
            for pair, key in opened.items():
                self._by_holder.put(pair, key, now, now + REMEMBERED_FOR)
                self._by_id.put((key.tenant, key.key_id), key, now, now + REMEMBERED_FOR)
        return found | opened

    async def _make(self, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], HolderKey]:
        # Without this, a wrong key encryption key would quietly begin a second set of keys beside the first.
        if not self._verified:
            await self.verify()
        standing = await self._keys.insert_many([self._wrap(tenant, holder) for tenant, holder in pairs])
        return {(key.tenant, key.holder): self._open(key) for key in standing}

    def _open(self, wrapped: WrappedKey) -> HolderKey:
        key = self._unwrap(wrapped)
        if key is None:
            raise HolderErased
        return key

    def _wrap(self, tenant: str, holder: str) -> WrappedKey:
        key_id, nonce = secrets.token_urlsafe(16), os.urandom(_NONCE_BYTES)
        sealed = self._wrapping.encrypt(nonce, secrets.token_bytes(KEY_BYTES), _context(tenant, holder, key_id))
        return WrappedKey(tenant, holder, key_id, nonce + sealed, self._clock.now())

    def _unwrap(self, key: WrappedKey) -> HolderKey | None:
        if key.wrapped is None:
            return None
        nonce, sealed = key.wrapped[:_NONCE_BYTES], key.wrapped[_NONCE_BYTES:]
        try:
            secret = self._wrapping.decrypt(nonce, sealed, _context(key.tenant, key.holder, key.key_id))
        except (InvalidTag, ValueError):
            raise KeyEncryptionKeyWrong from None
        return HolderKey(key.tenant, key.holder, key.key_id, secret)


def _context(tenant: str, holder: str, key_id: str) -> bytes:
    return frame(_WRAPPING, tenant, holder, key_id)


def _check_name(holder: str) -> None:
    if not holder or holder.startswith(RESERVED) or not holder.isprintable():
        raise MalformedEvent("a holder is named by an id: this name is empty, reserved or unprintable")
