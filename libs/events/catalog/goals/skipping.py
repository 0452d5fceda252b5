"""What an operator had a consumer of this service's events pass over."""

from __future__ import annotations

from libs.events.catalog.skipping import Skipped


class EventSkipped(Skipped, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An event of goals that a projection goes on without."""
