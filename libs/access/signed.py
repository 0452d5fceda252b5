"""Signed claims: the one place where a token's bytes are signed, and where a hostile one is taken apart.

Only EdDSA with the key that the caller names: the token's header chooses neither algorithm nor key.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from libs.access.principals import Principal, valid_tenant

ALGORITHM = "EdDSA"
LONGEST = 8 * 1024
# The year 3000: far enough, and every sum with it is still a date.
_LAST_SECOND = 32_503_680_000
_JWS = jwt.PyJWS()

Code = Literal["token_malformed", "token_expired", "token_invalid"]


class InvalidToken(Exception):
    """A token that proves nothing (HTTP 401). `detail` says what to do and repeats nothing of the token."""

    def __init__(self, code: Code, detail: str) -> None:
        self.code: Code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What every token of ours says; times are seconds since 1970. Unknown claims are ignored, as RFC 7519 asks."""

    iss: str
    aud: str | list[str]
    sub: str
    tenant: str
    exp: int
    iat: int | None = None
    nbf: int | None = None
    identity_issuer: str | None = None

    @property
    def expires_at(self) -> datetime:
        """When it stops to count."""
        return _EPOCH + timedelta(seconds=self.exp)


_DECODER = msgspec.json.Decoder(Claims)
_ENCODER = msgspec.json.Encoder()
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def sign(key: Ed25519PrivateKey, claims: Claims) -> str:
    """A compact JWS of the claims."""
    present = {name: value for name, value in msgspec.structs.asdict(claims).items() if value is not None}
    return _JWS.encode(_ENCODER.encode(present), key, ALGORITHM)


def verified_claims(
    token: str, key: Ed25519PublicKey, *, issuer: str, audience: str, now: datetime, leeway: timedelta
) -> Claims:
    """The claims that `key` signed, made by `issuer` for `audience`, and counting `now` (`leeway` on both sides).

    Raises InvalidToken and nothing else, whatever `token` is.
    """
    claims = _claims(_payload(token, key))
    if claims.iss != issuer:
        raise InvalidToken("token_invalid", "The token's issuer is not trusted here. Ask for one from another issuer.")
    if audience != claims.aud and not (isinstance(claims.aud, list) and audience in claims.aud):
        raise InvalidToken("token_invalid", f"The token is not meant for this use: its audience must be {audience}.")
    second, grace = now.timestamp(), leeway.total_seconds()
    if claims.exp + grace <= second:
        raise InvalidToken("token_expired", "The token has expired. Ask for a new one.")
    if claims.nbf is not None and claims.nbf - grace > second:
        raise InvalidToken("token_invalid", "The token does not count yet. Wait, or set the clocks right.")
    return claims


def principal_of(claims: Claims, issuer: str) -> Principal:
    """The principal that the claims name. Raises InvalidToken for names that cannot be."""
    if not valid_tenant(claims.tenant):
        raise InvalidToken("token_invalid", "The token names no valid tenant. Ask for one with your tenant's name.")
    try:
        return Principal(claims.tenant, issuer, claims.sub)
    except ValueError:
        raise InvalidToken("token_invalid", "The token names no valid subject. Ask for a new one.") from None


def _claims(payload: bytes) -> Claims:
    try:
        claims = _DECODER.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        detail = "The token lacks one of exp, iss, aud, sub, tenant, or one is of the wrong type. Ask for a new one."
        raise InvalidToken("token_invalid", detail) from None
    if not all(0 <= second <= _LAST_SECOND for second in (claims.exp, claims.nbf or 0, claims.iat or 0)):
        raise InvalidToken("token_invalid", "The token's times are out of range. Ask for a new one.")
    return claims


def _payload(token: str, key: Ed25519PublicKey) -> bytes:
    if not isinstance(token, str) or not token.isascii():
        raise InvalidToken("token_malformed", "The token is not ASCII text. Send it exactly as it was issued.")
    if len(token) > LONGEST:
        raise InvalidToken("token_malformed", f"The token is longer than {LONGEST} characters. Ask for a smaller one.")
    try:
        payload: bytes = _JWS.decode(token, key, [ALGORITHM])
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
        detail = (
            f"The token's signature is not one of ours (only {ALGORITHM} counts). Was it made for another data folder? "
            "Point CAIRN_DATA_DIR at the one that is served, and ask for a new one."
        )
        raise InvalidToken("token_invalid", detail) from None
    except jwt.DecodeError:
        detail = "The token is no signed JWT of three parts. Send it exactly as it was issued."
        raise InvalidToken("token_malformed", detail) from None
    except jwt.PyJWTError:
        raise InvalidToken("token_invalid", "The token's header asks for what is not supported here.") from None
    return payload
