"""The inner hop: the gateway vouches for the principal it verified, and every service judges by that alone."""

from __future__ import annotations

from datetime import timedelta
from math import ceil

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from libs.access.principals import Principal
from libs.access.signed import Claims, InvalidToken, principal_of, sign, verified_claims
from libs.events.expiring import Expiring
from libs.events.ports import Clock

ISSUER = "cairn-gateway"
AUDIENCE = "cairn-services"


class PrincipalSigner:
    """The gateway's side. A header is signed once and used for half its life, so that signing is off the hot path."""

    def __init__(
        self,
        key: Ed25519PrivateKey,
        clock: Clock,
        ttl: timedelta = timedelta(seconds=30),
        *,
        limit: int = 10_000,
    ) -> None:
        self._key, self._clock, self._ttl = key, clock, ttl
        self._signed: Expiring[Principal, str] = Expiring(limit)

    def header(self, principal: Principal) -> str:
        """ASCII text that names the principal to the services; counts for at least half the time to live from now."""
        now = self._clock.now()
        known = self._signed.get(principal, now)
        if known is not None:
            return known
        claims = Claims(
            iss=ISSUER,
            aud=AUDIENCE,
            sub=principal.subject,
            tenant=principal.tenant,
            identity_issuer=principal.issuer,
            exp=ceil((now + self._ttl).timestamp()),
        )
        header = sign(self._key, claims)
        self._signed.put(principal, header, now, now + self._ttl / 2)
        return header


class PrincipalReader:
    """The services' side. Verified headers are remembered until they expire, at most `limit` of them."""

    def __init__(
        self, public_key: Ed25519PublicKey, clock: Clock, leeway: timedelta = timedelta(0), *, limit: int = 10_000
    ) -> None:
        self._key, self._clock, self._leeway = public_key, clock, leeway
        self._verified: Expiring[str, Principal] = Expiring(limit)

    def read(self, header: str) -> Principal:
        """The principal that the gateway vouches for. Raises InvalidToken, and nothing else whatever it is given."""
        now = self._clock.now()
        known = self._verified.get(header, now) if isinstance(header, str) else None
        if known is not None:
            return known
        claims = verified_claims(header, self._key, issuer=ISSUER, audience=AUDIENCE, now=now, leeway=self._leeway)
        if claims.identity_issuer is None:
            raise InvalidToken("token_invalid", "The header does not say who vouched for the subject.")
        principal = principal_of(claims, claims.identity_issuer)
        self._verified.put(header, principal, now, claims.expires_at + self._leeway)
        return principal
