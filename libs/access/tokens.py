"""The first step of a request's trip: the bearer token becomes a principal. Also the issuer for development."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from libs.access.principals import Principal
from libs.access.signed import Claims, InvalidToken, principal_of, sign, verified_claims
from libs.events.expiring import Expiring
from libs.events.ports import Clock
from libs.privacy.secret_file import secret_file

__all__ = ["AUDIENCE", "DEVELOPMENT_ISSUER", "DevelopmentIssuer", "InvalidToken", "TokenVerifier", "load_signing_key"]

DEVELOPMENT_ISSUER = "cairn-development"
AUDIENCE = "cairn"


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """The installation's own signing key, made once (mode 0600). Blocking. Raises SecretRefused."""
    return Ed25519PrivateKey.from_private_bytes(secret_file(path))


class DevelopmentIssuer:
    """Signs tokens for people named by their id; takes the place of an identity provider while there is none."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def issue(self, tenant: str, person_id: str, *, now: datetime, ttl: timedelta) -> str:
        """A bearer token that counts from `now` (aware) for `ttl`. Raises ValueError for a tenant of no valid name."""
        principal = Principal(tenant, DEVELOPMENT_ISSUER, person_id)
        claims = Claims(
            iss=DEVELOPMENT_ISSUER,
            aud=AUDIENCE,
            sub=principal.subject,
            tenant=principal.tenant,
            iat=int(now.timestamp()),
            exp=ceil((now + ttl).timestamp()),
        )
        return sign(self._key, claims)


class TokenVerifier:
    """Tells whose a bearer token is. Verified tokens are remembered until they expire, at most `limit` of them."""

    def __init__(
        self, public_key: Ed25519PublicKey, clock: Clock, leeway: timedelta = timedelta(0), *, limit: int = 10_000
    ) -> None:
        self._key, self._clock, self._leeway = public_key, clock, leeway
        self._verified: Expiring[str, Principal] = Expiring(limit)

    def verify(self, token: str) -> Principal:
        """The principal that the token names. Raises InvalidToken, and nothing else whatever it is given."""
        now = self._clock.now()
        known = self._verified.get(token, now) if isinstance(token, str) else None
        if known is not None:
            return known
        claims = verified_claims(
            token, self._key, issuer=DEVELOPMENT_ISSUER, audience=AUDIENCE, now=now, leeway=self._leeway
        )
        principal = principal_of(claims, claims.iss)
        self._verified.put(token, principal, now, claims.expires_at + self._leeway)
        return principal
