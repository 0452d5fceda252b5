"""Who asks: the tenant and the identity that a verified token names, carried with a request on its whole trip. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_LONGEST = 255


def valid_tenant(name: str) -> bool:
    """Whether a tenant may have this name: 1 to 63 of a-z, 0-9 and hyphen, the first no hyphen."""
    return _TENANT.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Principal:
    """An identity `(issuer, subject)` within a tenant. Raises ValueError for a name that no tenant or identity has."""

    tenant: str
    issuer: str
    subject: str

    def __post_init__(self) -> None:
        if not valid_tenant(self.tenant):
            raise ValueError("a tenant's name is 1 to 63 of a-z, 0-9 and hyphen, and begins with a letter or digit")
        for name, value in (("issuer", self.issuer), ("subject", self.subject)):
            if not 0 < len(value) <= _LONGEST or not value.isprintable():
                raise ValueError(f"the {name} is 1 to {_LONGEST} printable characters")

    @property
    def key(self) -> str:
        """One text for this principal and no other, the same for ever: part of what a command is known by."""
        return f"{self.tenant}:{len(self.issuer)}:{self.issuer}:{self.subject}"
