"""A bounded memory of what was costly to find out: folded states, opened keys, verified signatures; never truth."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Expiring(Generic[K, V]):
    """At most `limit` values, each only within the span of time it was put in for; the oldest makes room.

    For one event loop; not for use by several threads.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: dict[K, tuple[datetime, datetime, V]] = {}

    def get(self, key: K, now: datetime) -> V | None:
        """The value, or None outside its span: before it too, so that a clock set back prolongs nothing."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        since, until, value = entry
        if since <= now < until:
            return value
        del self._entries[key]
        return None

    def put(self, key: K, value: V, since: datetime, until: datetime) -> None:
        """Keeps the value for `since <= now < until`."""
        self._entries.pop(key, None)
        self._make_room(since)
        self._entries[key] = (since, until, value)

    def drop(self, unwanted: Callable[[V], bool]) -> None:
        """Forgets at once every value that `unwanted` names."""
        self._entries = {key: entry for key, entry in self._entries.items() if not unwanted(entry[2])}

    def sweep(self, now: datetime) -> None:
        """Forgets what has expired, wherever it stands."""
        self._entries = {key: entry for key, entry in self._entries.items() if entry[1] > now}

    def _make_room(self, now: datetime) -> None:
        # What has expired goes too, oldest first: nobody may ask for it again, and it must not stay for that.
        while self._entries:
            oldest = next(iter(self._entries))
            if len(self._entries) < self._limit and self._entries[oldest][1] > now:
                return
            del self._entries[oldest]

    def __len__(self) -> int:
        return len(self._entries)
