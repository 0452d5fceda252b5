"""What a group of clients was told to be written: each asks so that the answer knows of it, as one person would."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx2


@dataclass
class Told:
    """Up to which position of each service; `ask` and `hear` are a client's hooks."""

    positions: dict[str, int] = field(default_factory=dict)

    def ask(self, request: httpx2.Request) -> None:
        """Before a request goes out: it waits for what was told, unless it says itself what for."""
        if self.positions:
            told = ", ".join(f"{service}:{number}" for service, number in self.positions.items())
            request.headers.setdefault("Cairn-After", told)

    def hear(self, answer: httpx2.Response) -> None:
        """After an answer came."""
        service, _, number = answer.headers.get("Cairn-Position", "").partition(":")
        if number:
            self.positions[service] = max(int(number), self.positions.get(service, 0))
