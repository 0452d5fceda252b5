"""The gateway's word for a principal: read back exactly, for a short time, and from nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from libs.access.inner import PrincipalReader, PrincipalSigner
from libs.access.principals import Principal
from libs.access.tokens import DevelopmentIssuer, InvalidToken
from libs.events.testing import SteppingClock
from tests.access.conftest import KEY, OTHER_KEY
from tests.access.test_tokens import GOOD, NOW, forged
from tests.conftest import LATER

ANA = Principal("acme", "https://idp.example", "ana@idp|7")
INNER: dict[str, Any] = {
    "iss": "cairn-gateway",
    "aud": "cairn-services",
    "sub": "p-1",
    "tenant": "acme",
    "identity_issuer": "idp",
    "exp": NOW + 30,
}


def reader(clock: SteppingClock, key: Ed25519PublicKey | None = None, **options: Any) -> PrincipalReader:
    """A service's reader."""
    return PrincipalReader(key or KEY.public_key(), clock, **options)


def test_the_principal_arrives_as_it_was_sent(clock: SteppingClock) -> None:
    header = PrincipalSigner(KEY, clock).header(ANA)
    assert header.isascii()
    assert reader(clock).read(header) == ANA


@given(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=255),
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=255),
)
def test_any_identity_arrives(issuer: str, subject: str) -> None:
    clock, principal = SteppingClock(LATER), Principal("acme", issuer, subject)
    assert reader(clock).read(PrincipalSigner(KEY, clock).header(principal)) == principal


def test_a_header_counts_for_its_time_and_no_longer(clock: SteppingClock) -> None:
    header, seen, fresh = PrincipalSigner(KEY, clock).header(ANA), reader(clock), reader(clock)
    seen.read(header)
    clock.move(timedelta(seconds=29.9))
    assert seen.read(header) == reader(clock).read(header) == ANA
    clock.move(timedelta(seconds=0.1))
    for one in (seen, fresh):
        with pytest.raises(InvalidToken) as caught:
            one.read(header)
        assert caught.value.code == "token_expired"


def test_a_header_is_signed_once_for_half_its_life_and_each_principal_has_its_own(clock: SteppingClock) -> None:
    signer = PrincipalSigner(KEY, clock, ttl=timedelta(seconds=30))
    first = signer.header(ANA)
    clock.move(timedelta(seconds=14.9))
    assert signer.header(ANA) == first
    clock.move(timedelta(seconds=0.1))
    second = signer.header(ANA)
    assert second != first
    clock.move(timedelta(seconds=14.9))
    assert signer.header(ANA) == second
    assert reader(clock).read(signer.header(Principal("acme", ANA.issuer, "ben"))).subject == "ben"


class CountedKey:
    """A public key that counts what it verifies."""

    def __init__(self) -> None:
        self.verified = 0
        self.real = KEY.public_key()

    def verify(self, signature: bytes, data: bytes) -> None:
        """As the real one."""
        self.verified += 1
        self.real.verify(signature, data)


Ed25519PublicKey.register(CountedKey)


def test_a_header_is_verified_once_and_memory_is_bounded(clock: SteppingClock) -> None:
    key = CountedKey()
    service: Any = reader(clock, key, limit=2)  # type: ignore[arg-type]
    signer = PrincipalSigner(KEY, clock, limit=2)
    headers = [signer.header(Principal("acme", "idp", name)) for name in ("a", "b", "c")]
    for _ in range(10):
        service.read(headers[0])
    assert key.verified == 1
    for header in headers:
        service.read(header)
    assert key.verified == 3
    service.read(headers[0])
    assert key.verified == 4, "the oldest made room"
    assert len(service._verified) == len(signer._signed) == 2


def test_a_refused_header_is_not_remembered(clock: SteppingClock) -> None:
    service = reader(clock)
    for _ in range(3):
        with pytest.raises(InvalidToken):
            service.read("a.b.c")
    assert len(service._verified) == 0


def test_nobody_else_vouches_for_a_principal(clock: SteppingClock) -> None:
    bearer = DevelopmentIssuer(KEY).issue("acme", "p-1", now=clock.now(), ttl=timedelta(hours=1))
    foreign = PrincipalSigner(OTHER_KEY, clock).header(ANA)
    for header in (bearer, foreign, forged(GOOD), "acme:p-1", "", None):
        with pytest.raises(InvalidToken):
            reader(clock).read(header)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changed",
    [
        {"identity_issuer": None},
        {"identity_issuer": ""},
        {"identity_issuer": "a\nb"},
        {"identity_issuer": 7},
        {"tenant": "../beta"},
        {"sub": ""},
        {"aud": "cairn"},
        {"iss": "cairn-development"},
        {"exp": None},
        {"exp": NOW},
    ],
)
def test_odd_headers_are_refused_even_when_signed(clock: SteppingClock, changed: dict[str, Any]) -> None:
    assert reader(clock).read(forged(INNER)) == Principal("acme", "idp", "p-1")
    with pytest.raises(InvalidToken):
        reader(clock).read(forged({**INNER, **changed}))


@given(st.text() | st.binary() | st.none() | st.integers() | st.lists(st.text()))
def test_anything_at_all_is_refused_with_a_code(header: Any) -> None:
    with pytest.raises(InvalidToken) as caught:
        reader(SteppingClock(LATER)).read(header)
    assert caught.value.code == "token_malformed"
