"""The embedded profile's shared parts: one data folder, one keyring, one pair of signing keys for all its services."""

from __future__ import annotations

from libs.access.inner import PrincipalReader, PrincipalSigner
from libs.access.tokens import DevelopmentIssuer, TokenVerifier, load_signing_key
from libs.events.adapters.sqlite.folder import KEYS, DataFolder
from libs.events.adapters.sqlite.key_store import SQLiteKeyStore
from libs.events.clock import SystemClock, new_id
from libs.events.handle import Kernel
from libs.events.reader import Reader
from libs.events.registry import REGISTRY
from libs.privacy.kek import load_key_encryption_key
from libs.privacy.keyring import Keyring
from libs.privacy.sealing import FieldSealer
from libs.web.settings import ServiceSettings


class Embedded:
    """Opens the data folder once a process and hands its parts to the wirings. Close it last."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.folder = DataFolder(settings.data_dir)
        self.clock = SystemClock()
        self.keyring = Keyring(self.folder.key_store(), _key_encryption_key(settings), self.clock)
        self.reader = Reader(REGISTRY, FieldSealer(self.keyring))
        tokens = load_signing_key(settings.data_dir / "development-tokens.key")
        inner = load_signing_key(settings.data_dir / "inner-hop.key")
        self.issuer = DevelopmentIssuer(tokens)
        self.verifier = TokenVerifier(tokens.public_key(), self.clock)
        self.signer = PrincipalSigner(inner, self.clock)
        self.principals = PrincipalReader(inner.public_key(), self.clock)

    def kernel(self, service: str) -> Kernel:
        """The write side of a service on its own event store."""
        return Kernel(service, self.folder.event_store(service), self.reader, self.clock, new_id)

    async def close(self) -> None:
        """Commits what waits and closes every file."""
        await self.folder.close()


async def check_keyring(settings: ServiceSettings) -> None:
    """Raises KeyEncryptionKeyWrong, OSError or ValueError when an existing keyring does not open."""
    path = settings.data_dir / KEYS
    if not path.exists():
        return
    store = SQLiteKeyStore(path)
    try:
        await Keyring(store, _key_encryption_key(settings), SystemClock()).verify()
    finally:
        await store.close()


def _key_encryption_key(settings: ServiceSettings) -> bytes:
    secret = settings.key_encryption_key
    given = secret.get_secret_value() if secret is not None else None
    return load_key_encryption_key(given, settings.data_dir / "key-encryption.key")
