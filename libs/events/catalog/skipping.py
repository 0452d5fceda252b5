"""What every service may state about its own log: that an operator took one event away from one consumer."""

from __future__ import annotations

from typing import Annotated

import msgspec

from libs.events.personal import Personal


class Skipped(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A projection goes on under an ordering key without the event of that sequence, which it could not apply.

    Stands behind that event in the same log, and is read from there by live rows and rebuilt ones alike. Each service
    states it as a class of its own, because a class has one wire name.
    """

    projection: str
    sequence: int
    key: str
    author_id: str
    reason: Annotated[str | None, Personal("author_id")]
