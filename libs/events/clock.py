"""Where times and new ids come from: the only module that asks the machine for either."""

from __future__ import annotations

from datetime import UTC, datetime

import uuid_utils.compat


class SystemClock:
    """The machine's clock, UTC."""

    def now(self) -> datetime:
        """The current time, aware, UTC, microseconds."""
        return datetime.now(UTC)


def new_id() -> str:
    """A UUIDv7 as text: unique, and monotone within this process."""
    return str(uuid_utils.compat.uuid7())
