"""Who was erased, kept where no backup reaches: after a restore these keys are destroyed again (promise 7).

A file that only grows, one JSON object a line: tenant, holder, when. It names ids and no text.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from libs.events.errors import StoreUnavailable
from libs.privacy.secret_file import sync_directory

_ENCODER = msgspec.json.Encoder()


class Tombstone(msgspec.Struct, frozen=True):
    """A holder whose key is destroyed, for good."""

    tenant: str
    holder: str
    destroyed_at: datetime


@dataclass(frozen=True)
class Tombstones:
    """The file; it need not be there yet. Blocks: call it beside the event loop."""

    path: Path

    def read(self) -> list[Tombstone]:
        """All of them, each holder once, oldest first. Raises StoreUnavailable for a file that is no such list.

        A last line without its end was never acknowledged: it is passed over.
        """
        try:
            lines = self.path.read_bytes().split(b"\n")[:-1]
            found = [msgspec.json.decode(line, type=Tombstone) for line in lines if line]
        except FileNotFoundError:
            return []
        except (OSError, msgspec.DecodeError) as error:
            raise StoreUnavailable(
                f"{self.path.name} cannot be read: {error}. Restore it from where it is kept."
            ) from error
        once: dict[tuple[str, str], Tombstone] = {}
        for one in found:
            once.setdefault((one.tenant, one.holder), one)
        return list(once.values())

    def add(self, new: Iterable[Tombstone]) -> None:
        """Adds those that are not there yet; durable when it returns. Raises StoreUnavailable."""
        known = {(one.tenant, one.holder) for one in self.read()}
        lines = [_ENCODER.encode(one) + b"\n" for one in new if (one.tenant, one.holder) not in known]
        if not lines:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "rb+") as file:
                # What a crash left half-written is overwritten.
                whole = file.read().rpartition(b"\n")
                file.seek(len(whole[0]) + len(whole[1]))
                file.truncate()
                file.write(b"".join(lines))
                file.flush()
                os.fsync(file.fileno())
            sync_directory(self.path.parent)
        except OSError as error:
            raise StoreUnavailable(f"{self.path.name} cannot be written: {error.strerror}") from error
