"""Seals personal text on its way into the event store and opens it on its way out; nothing in clear is ever stored.

A sealed value is one ASCII string, `cairn1.<key id>.<base64url of nonce, commitment, ciphertext and tag>`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag

from libs.events.envelope import Envelope
from libs.events.errors import MalformedEvent, SealBroken
from libs.events.personal import PersonalPath, Place, places
from libs.events.ports import Opened
from libs.privacy.framing import frame
from libs.privacy.holder_key import HolderKey
from libs.privacy.keyring import Keyring

MARK = "cairn1"
_NONCE, _COMMITMENT, _TAG = 12, 32, 16
_Keys = Mapping[tuple[str, str], HolderKey | None]


class _Plain(NamedTuple):
    place: Place
    holder: str
    text: bytes


class _Sealed(NamedTuple):
    place: Place
    key_id: str
    payload: bytes


_Parsed = list[tuple[Envelope, list[_Sealed]]]
AT_ONCE = 50
"""Fields sealed or opened on the event loop; more are done beside it, so that long histories keep nobody waiting."""


class FieldSealer:
    """The Sealer port: AES-256-GCM under the holder's key, bound to tenant, stream, version, field path and key id.

    Opening a sealed value anywhere else, or an altered one, or one under another holder's key, raises SealBroken.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def seal(self, envelope: Envelope, paths: tuple[PersonalPath, ...]) -> Envelope:
        """A new envelope with every personal value sealed; the given one stays as it is.

        Raises HolderErased, StoreUnavailable, and MalformedEvent for a value that is no text or has no holder.
        """
        [sealed] = await self.seal_many([(envelope, paths)])
        return sealed

    async def seal_many(self, items: Sequence[tuple[Envelope, tuple[PersonalPath, ...]]]) -> list[Envelope]:
        """Seals a batch as `seal` does, all or nothing: keys are looked up at once, missing ones made in one write."""
        results: list[Envelope] = []
        plain: list[tuple[Envelope, list[_Plain]]] = []
        for envelope, paths in items:
            data = _copy(envelope.data) if paths else envelope.data
            found = [_Plain(place, _holder(place), _text(place)) for place in places(data, paths)]
            results.append(msgspec.structs.replace(envelope, data=data) if found else envelope)
            plain.append((results[-1], found))
        pairs = {(envelope.tenant, field.holder): None for envelope, found in plain for field in found}
        if pairs:
            keys = await self._keyring.for_pairs(pairs)
            if sum(len(found) for _, found in plain) <= AT_ONCE:
                self._seal_all(plain, keys)
            else:
                await asyncio.to_thread(self._seal_all, plain, keys)
        return results

    def _seal_all(
        self, plain: Sequence[tuple[Envelope, Sequence[_Plain]]], keys: Mapping[tuple[str, str], HolderKey]
    ) -> None:
        for envelope, found in plain:
            for place, holder, text in found:
                key = keys[envelope.tenant, holder]
                nonce = os.urandom(_NONCE)
                sealed = key.cipher.encrypt(nonce, text, self.context(envelope, place.path, key.key_id))
                payload = base64.urlsafe_b64encode(nonce + key.commitment + sealed).rstrip(b"=").decode()
                place.container[place.field] = f"{MARK}.{key.key_id}.{payload}"

    async def open(self, items: Sequence[tuple[Envelope, tuple[PersonalPath, ...]]]) -> Sequence[Opened]:
        """Opens a batch with one look-up of keys. Raises KeyMissing, SealBroken, MalformedEvent, StoreUnavailable."""
        read: _Parsed = []
        for envelope, paths in items:
            data = _copy(envelope.data) if paths else envelope.data
            sealed = [_parse(place) for place in places(data, paths)]
            read.append((msgspec.structs.replace(envelope, data=data) if sealed else envelope, sealed))
        pairs = {(envelope.tenant, field.key_id) for envelope, sealed in read for field in sealed}
        keys: _Keys = await self._keyring.for_ids(pairs) if pairs else {}
        if sum(len(sealed) for _, sealed in read) <= AT_ONCE:
            return self._fill_in_all(read, keys)
        return await asyncio.to_thread(self._fill_in_all, read, keys)

    def _fill_in_all(self, read: _Parsed, keys: _Keys) -> list[Opened]:
        return [Opened(envelope, self._fill_in(envelope, sealed, keys)) for envelope, sealed in read]

    async def erasures(self) -> int:
        """See `Keyring.erasures`."""
        return await self._keyring.erasures()

    async def mark(self, tenant: str, holder: str) -> str | None:
        """What every text that was ever sealed for a holder begins with; None when there is none."""
        key_id = await self._keyring.key_id(tenant, holder)
        return None if key_id is None else f"{MARK}.{key_id}."

    def context(self, envelope: Envelope, path: str, key_id: str) -> bytes:
        """What a sealed value is bound to."""
        return frame(MARK, envelope.tenant, envelope.subject, str(envelope.version), path, key_id)

    def _fill_in(self, envelope: Envelope, sealed: Sequence[_Sealed], keys: _Keys) -> tuple[str, ...]:
        erased: list[str] = []
        for field in sealed:
            key = keys[envelope.tenant, field.key_id]
            if key is None:
                erased.append(field.place.path)
            text = None if key is None else self._decrypt(envelope, field, key)
            field.place.container[field.place.field] = text
        return tuple(erased)

    def _decrypt(self, envelope: Envelope, field: _Sealed, key: HolderKey) -> str:
        payload, path = field.payload, field.place.path
        if key.holder != field.place.holder:
            raise SealBroken(f"{path} of {envelope.subject} is sealed under another holder's key")
        if not hmac.compare_digest(payload[_NONCE : _NONCE + _COMMITMENT], key.commitment):
            raise SealBroken(f"{path} of {envelope.subject} is sealed under another key")
        try:
            context = self.context(envelope, path, key.key_id)
            return key.cipher.decrypt(payload[:_NONCE], payload[_NONCE + _COMMITMENT :], context).decode()
        except (InvalidTag, UnicodeDecodeError):
            raise SealBroken(f"{path} of {envelope.subject} was altered, or moved from another place") from None


def key_ids(envelope: Envelope, paths: tuple[PersonalPath, ...]) -> set[str]:
    """The ids of the keys that a stored envelope's text needs. Raises SealBroken, MalformedEvent."""
    return {_parse(place).key_id for place in places(envelope.data, paths)}


def _copy(node: Any) -> Any:
    # copy.deepcopy is an order of magnitude slower, and an event's tree holds nothing but these.
    if isinstance(node, dict):
        return {name: _copy(item) for name, item in node.items()}
    if isinstance(node, list):
        return [_copy(item) for item in node]
    return node


def _holder(place: Place) -> str:
    if not isinstance(place.holder, str):
        raise MalformedEvent(f"{place.path} is personal, but nothing says whose it is")
    return place.holder


def _text(place: Place) -> bytes:
    value = place.container[place.field]
    if not isinstance(value, str):
        raise MalformedEvent(f"{place.path} is personal and must be text")
    try:
        return value.encode()
    except UnicodeEncodeError:
        raise MalformedEvent(f"{place.path} holds a lone surrogate, which is no text") from None


def _parse(place: Place) -> _Sealed:
    value = place.container[place.field]
    parts = value.split(".") if isinstance(value, str) and value.isascii() else ()
    if len(parts) != 3 or parts[0] != MARK or not parts[1]:
        raise SealBroken(f"{place.path} stands in clear or was altered")
    try:
        payload = base64.urlsafe_b64decode(parts[2] + "=" * (-len(parts[2]) % 4))
    except (binascii.Error, ValueError):
        raise SealBroken(f"{place.path} was altered") from None
    # One spelling only: the decoder skips foreign characters and ignores spare bits.
    respelled = base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    if respelled != parts[2] or len(payload) < _NONCE + _COMMITMENT + _TAG:
        raise SealBroken(f"{place.path} was altered")
    return _Sealed(place, parts[1], payload)
