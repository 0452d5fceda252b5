"""Which service a request's trip leads to: the public prefixes and the services behind them, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote_to_bytes

BASE = "/api/v1"
"""What every public path begins with; a service's own paths go without it."""

SERVICES: Mapping[str, str] = MappingProxyType(
    {
        "/api/v1/people": "people",
        "/api/v1/me": "people",
        "/api/v1/units": "people",
        "/api/v1/erasures": "people",
        "/api/v1/goals": "goals",
        "/api/v1/support-requests": "goals",
    }
)
"""Public prefix → service. A prefix holds for itself and everything below it; the longest one counts."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the service, the path there, percent-encoded as it came, and the prefix that led there."""

    service: str
    path: bytes
    prefix: str


class RouteTable:
    """Finds the service of a raw path by whole, literal segments, so that no encoding leads past the table."""

    def __init__(self, prefixes: Mapping[str, str] = SERVICES, base: str = BASE) -> None:
        self.base = base
        self._by_prefix = {prefix.encode("ascii"): service for prefix, service in prefixes.items()}
        self._depth = max((prefix.count(b"/") for prefix in self._by_prefix), default=0)

    @property
    def services(self) -> tuple[str, ...]:
        """The services named by the table, each once, sorted."""
        return tuple(sorted(set(self._by_prefix.values())))

    def find(self, raw_path: bytes) -> Target | None:
        """The target of a percent-encoded path without its query, or None when no service has it.

        Paths with a `.` or `..` segment, encoded or not, have no target: what stands behind the gateway could
        resolve them to a place that the table did not choose.
        """
        segments = raw_path.split(b"/", self._depth + 1)[: self._depth + 1]
        while len(segments) > 1:
            prefix = b"/".join(segments)
            service = self._by_prefix.get(prefix)
            if service is not None:
                inner = raw_path[len(self.base) :]
                return None if _climbs(raw_path) else Target(service, inner, prefix.decode("ascii"))
            segments.pop()
        return None

    def service_of(self, path: str) -> str | None:
        """The service of a path template of the API's description, such as `/api/v1/goals/{id}`."""
        target = self.find(path.encode("utf-8"))
        return target.service if target else None


def _climbs(raw_path: bytes) -> bool:
    if b"." not in raw_path and b"%" not in raw_path:
        return False
    decoded = unquote_to_bytes(raw_path).replace(b"\\", b"/")
    return any(segment in (b".", b"..") for segment in decoded.split(b"/"))
