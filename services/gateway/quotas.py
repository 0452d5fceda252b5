"""How often one may set out: requests a second of a principal and of its tenant, counted in this process.

The strategy is the `limits` library's moving window, so that a store shared by several gateways can take the
place of this one. The headers are those of draft-ietf-httpapi-ratelimit-headers, revisions 8 to 11.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.aio.storage import MovingWindowSupport, Storage
from limits.aio.strategies import MovingWindowRateLimiter

Headers = tuple[tuple[bytes, bytes], ...]
_SWEEP_AT_LEAST = 1024


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a request may go on, and what to tell the client in any case.

    `violated` names the policies without room; `retry_after` is in whole seconds, at least 1 when there are any.
    """

    headers: Headers
    violated: tuple[str, ...] = ()
    retry_after: int = 0


class Quotas:
    """The quotas of one gateway process; 0 for no quota. `clock` gives seconds that never go back."""

    def __init__(self, principal: int, tenant: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._strategy = MovingWindowRateLimiter(WindowStorage(clock))
        limits = (("principal", principal), ("tenant", tenant))
        self._items: dict[str, RateLimitItem] = {
            name: RateLimitItemPerSecond(amount, namespace=name) for name, amount in limits if amount
        }
        policy = ", ".join(f'"{name}";q={item.amount};w={item.get_expiry()}' for name, item in self._items.items())
        self._policy = (b"ratelimit-policy", policy.encode("ascii"))

    async def admit(self, principal: str, tenant: str) -> Admission:
        """Counts one request of a principal, named by its key, unless one of its quotas has no room.

        A refused request uses up nothing of the quota that refused it.
        """
        if not self._items:
            return Admission(())
        states: list[str] = []
        violated: list[str] = []
        wait = 0
        for name, item in self._items.items():
            key = principal if name == "principal" else tenant
            admitted = not violated and await self._strategy.hit(item, key)
            stats = await self._strategy.get_window_stats(item, key)
            seconds = max(1, math.ceil(stats.reset_time - self._clock()))
            if not admitted and stats.remaining <= 0:
                violated.append(name)
                wait = max(wait, seconds)
            states.append(f'"{name}";r={max(0, stats.remaining)};t={seconds}')
        headers = (self._policy, (b"ratelimit", ", ".join(states).encode("ascii")))
        return Admission(headers, tuple(violated), wait)


class WindowStorage(Storage, MovingWindowSupport):
    """The moving windows of this process: per key the times of what it was admitted, no more than its limit.

    The library's own memory storage starts a task for every hit and looks at every key in it; here a key costs what
    it does itself, and idle keys are swept out whenever the number of keys has doubled.
    """

    STORAGE_SCHEME = ["async+cairn-window"]  # noqa: RUF012  the library's base class declares it so

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._windows: dict[str, deque[float]] = {}
        self._longest = 1
        self._sweep_at = _SWEEP_AT_LEAST

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return ValueError

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Adds `amount` entries if the last `expiry` seconds have room for them."""
        now = self._clock()
        window = self._window(key, now - expiry)
        if len(window) + amount > limit:
            return False
        self._longest = max(self._longest, expiry)
        if not window:
            self._windows[key] = window
            if len(self._windows) >= self._sweep_at:
                self._sweep(now - self._longest)
        window.extend([now] * amount)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest entry of the window came, or now, and how many there are."""
        now = self._clock()
        window = self._window(key, now - expiry)
        return (window[0], min(len(window), limit)) if window else (now, 0)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError("this storage holds moving windows, no counters")

    async def get(self, key: str) -> int:
        """How many entries a key has."""
        return len(self._windows.get(key, ()))

    async def get_expiry(self, key: str) -> float:
        """When the newest entry of a key no longer counts."""
        window = self._windows.get(key)
        return (window[-1] if window else self._clock()) + self._longest

    async def check(self) -> bool:
        return True

    async def reset(self) -> int | None:
        """Forgets everything; the number of keys there were."""
        keys = len(self._windows)
        self._windows.clear()
        return keys

    async def clear(self, key: str) -> None:
        """Forgets one key."""
        self._windows.pop(key, None)

    def _window(self, key: str, before: float) -> deque[float]:
        window = self._windows.get(key)
        if window is None:
            return deque()
        while window and window[0] <= before:
            window.popleft()
        return window

    def _sweep(self, before: float) -> None:
        self._windows = {key: window for key, window in self._windows.items() if window and window[-1] > before}
        self._sweep_at = max(_SWEEP_AT_LEAST, 2 * len(self._windows))
