"""The embedded profile's shared parts: one data folder, one keyring, one pair of signing keys for all its services."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from libs.access.directory import Directory
from libs.access.inner import PrincipalReader, PrincipalSigner
from libs.access.tokens import DevelopmentIssuer, TokenVerifier, load_signing_key
from libs.events.adapters.sqlite.folder import (
    DEVELOPMENT_TOKENS,
    INNER_HOP,
    KEY_ENCRYPTION_KEY,
    KEYS,
    TOMBSTONES,
    DataFolder,
)
from libs.events.adapters.sqlite.inspect import holds_keys
from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.adapters.sqlite.lost import refuse_lost
from libs.events.clock import SystemClock, new_id
from libs.events.consume import Runner
from libs.events.declare import Projection, ReadModel
from libs.events.forget import TOPIC as PEOPLE
from libs.events.forget import Forgetting
from libs.events.handle import Kernel
from libs.events.positions import Positions
from libs.events.react import Reactor
from libs.events.reader import Reader
from libs.events.registry import REGISTRY
from libs.events.retell import Retelling
from libs.privacy.erasure import Eraser
from libs.privacy.kek import load_key_encryption_key
from libs.privacy.keyring import Keyring, KeyringMissing
from libs.privacy.sealing import FieldSealer
from libs.privacy.tombstones import Tombstones
from libs.web.door import Door
from libs.web.erasures import Erasures
from libs.web.service import Reading, runner_of, runners_of, sweep
from libs.web.settings import ServiceSettings


class Embedded:
    """Opens the data folder once a process and hands its parts to the wirings. Close it last."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.folder = DataFolder(settings.data_dir)
        self.clock = SystemClock()
        self.keyring = Keyring(self.folder.key_store(), _key_encryption_key(settings), self.clock)
        self.reader = Reader(REGISTRY, FieldSealer(self.keyring))
        tokens = load_signing_key(settings.data_dir / DEVELOPMENT_TOKENS)
        inner = load_signing_key(settings.data_dir / INNER_HOP)
        self.issuer = DevelopmentIssuer(tokens)
        self.verifier = TokenVerifier(tokens.public_key(), self.clock)
        self.signer = PrincipalSigner(inner, self.clock)
        self.principals = PrincipalReader(inner.public_key(), self.clock)
        tombstones = settings.tombstones or settings.data_dir / TOMBSTONES
        self.eraser = Eraser(Tombstones(tombstones), self.keyring, self.clock)
        self.erasures = Erasures(self.reader, self.folder.event_log)
        self.erased: set[tuple[str, str]] = set()
        self._kernels: list[Kernel] = []
        self._sweeping: asyncio.Task[None] | None = None

    async def open_keyring(self) -> None:
        """Before anything is read or written. Raises EventsLost, KeyringMissing and KeyEncryptionKeyWrong."""
        await asyncio.to_thread(refuse_lost, self.folder.path)
        # A folder's keyring begins before its first event store: without it, whoever goes on would seal under new keys.
        if self.folder.has_event_stores() and not await self.keyring.begun():
            raise KeyringMissing(f"{self.folder.path / KEYS} is missing or empty, but there are events: restore it.")
        await self.keyring.verify()
        known = await self.eraser.known()
        self.erased.update((one.tenant, one.holder) for one in known)
        standing = await self.eraser.standing(known)
        if standing and self.folder.serving:
            # Who was erased is back with a backup, or the erasure was cut off just now: rows may hold their words.
            # Before the keys, so that a process that ends here begins with this again.
            await asyncio.to_thread(self.folder.discard_reads)
            await self.eraser.destroy_again(standing)
        self._sweeping = self._sweeping or asyncio.create_task(sweep([self.keyring]))

    def kernel(self, service: str) -> Kernel:
        """The write side of a service on its own event store."""
        kernel = Kernel(service, self.folder.event_store(service), self.reader, self.clock, new_id)
        self._kernels.append(kernel)
        return kernel

    def reading(self, service: str, models: Sequence[ReadModel], members: Projection) -> Reading:
        """The read side of a service: `models` are all it keeps, `members` its replica of people.

        Raises TypeError for a model that keeps words which nothing could fold anew without them.
        """
        topics = {topic.partition(".")[0] for model in models for topic in model.topics}
        reads, log = self.folder.read_models(service, models), self.folder.event_log(*sorted(topics))
        positions = Positions(reads, log)
        directory = Directory(reads, positions, members, self.clock, self.erased)
        runners = runners_of(models, log, self.reader, positions)
        forgetting = Forgetting(service, models, Retelling(reads, log, self.reader), self._forget)
        runners.append(runner_of(forgetting, PEOPLE, log, self.reader, positions))
        self.erasures.join(service, reads, models)
        door = Door(self.principals, directory, positions, models, self.keyring, REGISTRY.services)
        return Reading(reads, reads, models, directory, runners, door, log, self.reader)

    def reacting(self, reactor: Reactor, positions: Positions) -> Runner:
        """What drives a reaction to one topic."""
        [topic] = reactor.reaction.topics
        return runner_of(reactor, topic, self.folder.event_log(topic.partition(".")[0]), self.reader, positions)

    def _forget(self) -> None:
        for kernel in self._kernels:
            kernel.forget()

    async def close(self) -> None:
        """Commits what waits and closes every file."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeping
        await self.folder.close()


async def check_keyring(settings: ServiceSettings) -> bool:
    """Whether there is a keyring yet, and it opens. Changes nothing where the key encryption key is there already.

    Raises KeyEncryptionKeyWrong, SecretRefused, StoreUnavailable, OSError or ValueError when it does not open.
    """
    secret, path = _key_encryption_key(settings), settings.data_dir / KEYS
    if not path.exists() or not await asyncio.to_thread(holds_keys, path):
        return False
    store = SQLiteKeyStore(path, read_only=True)
    try:
        await Keyring(store, secret, SystemClock()).verify(make=False)
    finally:
        await store.close()
    return True


def _key_encryption_key(settings: ServiceSettings) -> bytes:
    secret, path = settings.key_encryption_key, settings.data_dir / KEY_ENCRYPTION_KEY
    if secret is None and not path.exists() and (settings.data_dir / KEYS).exists():
        raise KeyringMissing(f"{path} is missing, but there is a keyring: restore it, or set CAIRN_KEY_ENCRYPTION_KEY.")
    return load_key_encryption_key(secret.get_secret_value() if secret is not None else None, path)
