"""Bearer tokens: a hostile one never gets further than InvalidToken, a good one names its principal."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from libs.access.inner import PrincipalSigner
from libs.access.principals import Principal
from libs.access.tokens import DevelopmentIssuer, InvalidToken, TokenVerifier, load_signing_key
from libs.events.testing import SteppingClock
from libs.privacy.secret_file import SecretRefused
from tests.access.conftest import KEY, OTHER_KEY
from tests.conftest import LATER

HOUR = timedelta(hours=1)
NOW = int(LATER.timestamp())
GOOD: dict[str, Any] = {
    "iss": "cairn-development",
    "aud": "cairn",
    "sub": "p-1",
    "tenant": "acme",
    "iat": NOW,
    "exp": NOW + 3600,
}


def b64(raw: bytes) -> str:
    """A part of a compact JWS."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(payload: Any, header: Any = None, key: Ed25519PrivateKey = KEY) -> str:
    """A token of any content, made without the library that reads it."""
    head = header if isinstance(header, bytes) else json.dumps(header or {"alg": "EdDSA", "typ": "JWT"}).encode()
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signed = f"{b64(head)}.{b64(body)}"
    return f"{signed}.{b64(key.sign(signed.encode()))}"


def verifier(clock: SteppingClock | None = None, **options: Any) -> TokenVerifier:
    """A verifier that trusts KEY."""
    return TokenVerifier(KEY.public_key(), clock or SteppingClock(LATER), **options)


def refusal(token: Any, **options: Any) -> InvalidToken:
    """How a token is refused."""
    with pytest.raises(InvalidToken) as caught:
        verifier(**options).verify(token)
    assert caught.value.detail.endswith(".")
    return caught.value


def outcome(token: str) -> str:
    """The tenant that a token names, or the code that it is refused with."""
    try:
        return verifier().verify(token).tenant
    except InvalidToken as refused:
        return refused.code


def test_an_issued_token_names_its_principal(clock: SteppingClock) -> None:
    token = DevelopmentIssuer(KEY).issue("acme", "p-1", now=clock.now(), ttl=HOUR)
    assert verifier(clock).verify(token) == Principal("acme", "cairn-development", "p-1")
    header, payload, _ = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
    assert json.loads(header)["alg"] == "EdDSA"
    assert json.loads(payload) == GOOD


def test_nothing_is_issued_for_a_tenant_or_person_that_cannot_be(clock: SteppingClock) -> None:
    for tenant, person in (("", "p-1"), ("Acme", "p-1"), ("acme", ""), ("acme", "\ud800")):
        with pytest.raises(ValueError, match="is 1 to"):
            DevelopmentIssuer(KEY).issue(tenant, person, now=clock.now(), ttl=HOUR)


def test_expiry_follows_the_clock_also_for_a_token_seen_before(clock: SteppingClock) -> None:
    token, checking = forged(GOOD), verifier(clock)
    checking.verify(token)
    clock.move(timedelta(seconds=3599.9))
    checking.verify(token)
    clock.move(timedelta(seconds=0.1))
    for one in (checking, verifier(clock)):
        with pytest.raises(InvalidToken) as caught:
            one.verify(token)
        assert caught.value.code == "token_expired"
    TokenVerifier(KEY.public_key(), clock, leeway=timedelta(seconds=1)).verify(token)


def test_not_before_is_honoured(clock: SteppingClock) -> None:
    early = forged({**GOOD, "nbf": NOW + 60})
    assert refusal(early).code == "token_invalid"
    verifier(leeway=timedelta(seconds=60)).verify(early)
    checking = verifier(clock)
    clock.move(timedelta(seconds=60))
    checking.verify(early)
    clock.move(timedelta(seconds=-1))
    with pytest.raises(InvalidToken):
        checking.verify(early)


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "tenant", "exp"])
def test_every_claim_is_needed_and_of_its_type(claim: str) -> None:
    assert refusal(forged({name: value for name, value in GOOD.items() if name != claim})).code == "token_invalid"
    for value in (None, True, 1.5, {}, [], [1], ""):
        assert refusal(forged({**GOOD, claim: value})).code == "token_invalid"


@pytest.mark.parametrize(
    "exp",
    [b"1e400", b"1e12", b"-1e400", b"9" * 400, b"9" * 5000, b"-1", b"253402300800", b'"' + b"9" * 10 + b'"', b"NaN",
     b"Infinity", b"1924945200.0", b"true", b"18446744073709551616", b"32503680001"],
)  # fmt: skip
def test_odd_expiries_are_refused(exp: bytes) -> None:
    payload = json.dumps({**GOOD, "exp": 0}).encode().replace(b'"exp": 0', b'"exp": ' + exp)
    assert refusal(forged(payload)).code == "token_invalid"


@pytest.mark.parametrize("claim", ["nbf", "iat"])
@pytest.mark.parametrize("value", ["1", 1.5, -1, 10**30, True, [1]])
def test_odd_other_times_are_refused(claim: str, value: Any) -> None:
    assert refusal(forged({**GOOD, claim: value})).code == "token_invalid"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "cairn-gateway"},
        {"iss": "https://example.org"},
        {"aud": "cairn-services"},
        {"aud": ["other"]},
        {"aud": "cairn2"},
        {"tenant": "ACME"},
        {"tenant": "-acme"},
        {"tenant": "a/b"},
        {"tenant": "acme\n"},
        {"tenant": "a" * 64},
        {"sub": "x" * 256},
        {"sub": "p\u0000"},
        {"sub": "p\n"},
        {"sub": "\ud800"},
        {"tenant": "\udfff"},
        {"iss": "\ud800"},
    ],
)
def test_wrong_names_are_refused(changed: dict[str, Any]) -> None:
    assert refusal(forged({**GOOD, **changed})).code == "token_invalid"


def test_an_audience_may_be_one_of_several_and_unknown_claims_are_ignored() -> None:
    verifier().verify(forged({**GOOD, "aud": ["other", "cairn"], "roles": ["admin"], "deep": [[{}]]}))


def test_a_foreign_signature_is_refused() -> None:
    foreign = refusal(forged(GOOD, key=OTHER_KEY))
    assert foreign.code == "token_invalid"
    # The likeliest reason by far: `cairn token` had another data folder, and so another key.
    assert "CAIRN_DATA_DIR" in foreign.detail
    head, body, signature = forged(GOOD).split(".")
    swapped = b64(json.dumps({**GOOD, "tenant": "beta"}).encode())
    assert refusal(f"{head}.{swapped}.{signature}").code == "token_invalid"
    assert refusal(f"{head}.{body}.").code == "token_invalid"
    assert refusal(f"{head}.{body}.{b64(bytes(64))}").code == "token_invalid"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "HS256", "HS512", "RS256", "ES256", None, 7, [], {}])
def test_no_other_algorithm_counts_whatever_the_signature(algorithm: Any) -> None:
    head = {"alg": algorithm, "typ": "JWT"}
    assert refusal(forged(GOOD, head)).code == "token_invalid"
    unsigned = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(GOOD).encode())}."
    assert refusal(unsigned).code == "token_invalid"
    assert refusal(forged(GOOD, {"typ": "JWT"})).code == "token_invalid"


def test_the_public_key_is_no_shared_secret() -> None:
    public = KEY.public_key()
    spellings = [
        public.public_bytes(Encoding.Raw, PublicFormat.Raw),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    ]
    for algorithm in ("HS256", "EdDSA"):
        signed = f"{b64(json.dumps({'alg': algorithm}).encode())}.{b64(json.dumps(GOOD).encode())}"
        for spelling in spellings:
            signature = hmac.new(spelling, signed.encode(), hashlib.sha256).digest()
            assert refusal(f"{signed}.{b64(signature)}").code == "token_invalid"


def test_keys_that_a_header_brings_along_are_ignored() -> None:
    own = {"kty": "OKP", "crv": "Ed25519", "x": b64(OTHER_KEY.public_key().public_bytes_raw())}
    brought = {"alg": "EdDSA", "jwk": own, "jku": "http://127.0.0.1:9/keys", "x5u": "http://127.0.0.1:9/x", "kid": "k"}
    assert refusal(forged(GOOD, brought, OTHER_KEY)).code == "token_invalid"
    verifier().verify(forged(GOOD, brought))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "EdDSA", "crit": ["exp"]},
        {"alg": "EdDSA", "crit": []},
        {"alg": "EdDSA", "b64": False, "crit": ["b64"]},
        {"alg": "EdDSA", "kid": 7},
        b"[]",
        b"7",
        b"{",
        b"\xff\xfe",
        b"[" * 4000,
        b'{"alg":' + b"9" * 5000 + b"}",
    ],
)
def test_odd_headers_are_refused(header: Any) -> None:
    assert refusal(forged(GOOD, header)).code in ("token_invalid", "token_malformed")


@pytest.mark.parametrize("payload", [b"", b"null", b"7", b"[]", b"{", b"\xff", b"[" * 4000, b'{"a":' + b"[" * 5000])
def test_odd_payloads_are_refused_even_when_signed(payload: bytes) -> None:
    assert refusal(forged(payload)).code == "token_invalid"


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "é.é.é",
        "\ud800",
        "x" * 100,
        "\0",
        " ",
        None,
        7,
        b"a.b.c",
        [],
        {},
    ],
)
def test_what_is_no_token_is_malformed(token: Any) -> None:
    assert refusal(token).code == "token_malformed"


def test_spaces_and_padding_around_a_good_token_do_not_pass() -> None:
    token = forged(GOOD)
    for spelled in (f" {token}", f"{token} ", f"{token}\n", f"{token}=", f"Bearer {token}"):
        assert refusal(spelled).code in ("token_malformed", "token_invalid")


def test_an_absurdly_long_token_is_refused_unread() -> None:
    long = forged({**GOOD, "padding": "x" * 8192})
    assert "longer" in refusal(long).detail
    verifier().verify(forged({**GOOD, "padding": "x" * 4096}))
    assert refusal("x" * 50_000_000).code == "token_malformed"


def test_a_header_of_the_inner_hop_is_no_bearer_token(clock: SteppingClock) -> None:
    header = PrincipalSigner(KEY, clock).header(Principal("acme", "cairn-development", "p-1"))
    assert refusal(header).code == "token_invalid"


def test_a_refusal_repeats_nothing_of_the_token() -> None:
    for changed in ({"tenant": "PLANTED"}, {"iss": "PLANTED"}, {"exp": "PLANTED"}, {"aud": "PLANTED"}):
        caught = refusal(forged({**GOOD, **changed}))
        assert "PLANTED" not in f"{caught} {caught.detail} {caught.__cause__}"


def test_the_signing_key_is_made_once_for_its_owner_alone(tmp_path: Path, clock: SteppingClock) -> None:
    path = tmp_path / "data" / "signing.key"
    first, second = load_signing_key(path), load_signing_key(path)
    token = DevelopmentIssuer(first).issue("acme", "p-1", now=clock.now(), ttl=HOUR)
    TokenVerifier(second.public_key(), clock).verify(token)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(SecretRefused):
        load_signing_key(path)
