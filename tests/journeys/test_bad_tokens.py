"""Tokens that prove nothing: each is refused with a problem that repeats nothing of it, and changes nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from libs.access.tokens import DevelopmentIssuer, load_signing_key
from libs.events.clock import SystemClock
from tests.journeys.refusals import PLANTED, refused_well
from tests.journeys.team import NOBODY, Team
from tests.product import Product

NOW = int(SystemClock().now().timestamp())
CLAIMS = {"iss": "cairn-development", "aud": "cairn", "exp": NOW + 3600, "iat": NOW}


@pytest.fixture(autouse=True)
def nothing_is_written(product: Product, team: Team) -> Iterator[None]:
    before = product.written()
    yield
    assert product.written() == before
    assert PLANTED not in product.log.read_text().lower()


@pytest.fixture(scope="module")
def signing_key(product: Product) -> Ed25519PrivateKey:
    return load_signing_key(product.data / "development-tokens.key")


@pytest.fixture
def claims(team: Team) -> dict[str, Any]:
    """What a good token of Sam says."""
    return {**CLAIMS, "tenant": team.tenant, "sub": team.ids["sam"]}


def ask(product: Product, authorization: str | None, **headers: str) -> httpx2.Response:
    """A request that would change something if its token counted."""
    with product.client(None) as client:
        given = headers if authorization is None else {**headers, "Authorization": authorization}
        return client.post("/people", json={"display_name": PLANTED, "email": f"{PLANTED}@t.example"}, headers=given)


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("authorization", [None, "", "Bearer", f"Basic {PLANTED}", PLANTED, f"Token {PLANTED}"])
def test_a_request_without_a_token_is_refused(product: Product, authorization: str | None) -> None:
    refused_well(ask(product, authorization), 401, "token_missing")


@pytest.mark.parametrize(
    "token", [PLANTED, f"{PLANTED}.b.c", "..", "a.b", "a.b.c.d", "=.=.=", PLANTED * 1000, "tök.en.x", "{}"]
)
def test_a_malformed_token_is_refused(product: Product, token: str) -> None:
    with product.client(None) as client:
        answer = client.get("/me", headers=[(b"Authorization", f"Bearer {token}".encode())])
    refused_well(answer, 401, "token_malformed")


def test_the_good_token_of_these_checks_counts(
    product: Product, signing_key: Ed25519PrivateKey, claims: dict[str, Any]
) -> None:
    with product.client(jwt.encode(claims, signing_key, "EdDSA")) as client:
        assert client.get("/me").status_code == 200


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
@pytest.mark.parametrize("signature", ["", "AAAA"])
def test_a_token_that_nobody_signed_is_refused(
    product: Product, claims: dict[str, Any], algorithm: str, signature: str
) -> None:
    token = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}.{signature}"
    answer = ask(product, f"Bearer {token}")
    assert refused_well(answer, 401, answer.json()["code"])["code"] in ("token_invalid", "token_malformed")


def test_a_token_of_another_key_is_refused(product: Product, claims: dict[str, Any]) -> None:
    token = jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA")
    refused_well(ask(product, f"Bearer {token}"), 401, "token_invalid")
    issuer = DevelopmentIssuer(load_signing_key(product.data / "inner-hop.key"))
    inner = issuer.issue(claims["tenant"], claims["sub"], now=SystemClock().now(), ttl=timedelta(hours=1))
    refused_well(ask(product, f"Bearer {inner}"), 401, "token_invalid")


def test_the_public_key_is_no_shared_secret(
    product: Product, signing_key: Ed25519PrivateKey, claims: dict[str, Any]
) -> None:
    public = signing_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    refused_well(ask(product, f"Bearer {jwt.encode(claims, public, 'HS256')}"), 401, "token_invalid")


def test_a_token_brings_no_key_of_its_own(product: Product, claims: dict[str, Any]) -> None:
    key = Ed25519PrivateKey.generate()
    x = base64.urlsafe_b64encode(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).rstrip(b"=").decode()
    header = {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}, "kid": "1", "jku": f"http://{PLANTED}.example"}
    token = jwt.encode(claims, key, "EdDSA", headers=header)
    refused_well(ask(product, f"Bearer {token}"), 401, "token_invalid")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"exp": NOW - 1}, "token_expired"),
        ({"exp": 0}, "token_expired"),
        ({"nbf": NOW + 3600}, "token_invalid"),
        *(({name: None}, "token_invalid") for name in ("exp", "iss", "aud", "sub", "tenant")),
        ({"exp": str(NOW + 3600)}, "token_invalid"),
        ({"exp": 10**30}, "token_invalid"),
        ({"iss": f"https://{PLANTED}.example"}, "token_invalid"),
        ({"aud": PLANTED}, "token_invalid"),
        ({"tenant": f"{PLANTED}/goal"}, "token_invalid"),
        ({"tenant": "Team"}, "token_invalid"),
        ({"sub": ""}, "token_invalid"),
        ({"sub": "a\nb"}, "token_invalid"),
        ({"sub": "x" * 256}, "token_invalid"),
    ],
    ids=str,
)
def test_claims_that_do_not_count_are_refused(
    product: Product, signing_key: Ed25519PrivateKey, claims: dict[str, Any], changed: dict[str, Any], code: str
) -> None:
    told = {name: value for name, value in {**claims, **changed}.items() if value is not None}
    token = jwt.api_jws.encode(json.dumps(told).encode(), signing_key, "EdDSA")
    refused_well(ask(product, f"Bearer {token}"), 401, code)


def test_a_good_token_of_somebody_unknown_is_refused(product: Product, team: Team) -> None:
    for person, tenant in ((NOBODY, team.tenant), (team.ids["sam"], "never-seen"), (PLANTED, team.tenant)):
        answer = ask(product, f"Bearer {product.issue(person, tenant=tenant)}")
        refused_well(answer, 403, "unknown_principal")


def test_two_tokens_are_as_good_as_none(product: Product, team: Team) -> None:
    token = f"Bearer {product.issue(team.ids['sam'], tenant=team.tenant)}"
    with product.client(None) as client:
        answer = client.get("/me", headers=[("Authorization", token), ("Authorization", token)])
    refused_well(answer, 401, "token_missing")


def test_nobody_vouches_for_himself(product: Product, team: Team) -> None:
    """The header by which the gateway names the asker to a service counts for nothing from outside."""
    admin = team.admin.headers["Authorization"].removeprefix("Bearer ")
    refused_well(ask(product, None, **{"Cairn-Principal": admin}), 401, "token_missing")
    sam = team.sam.headers["Authorization"]
    refused_well(ask(product, sam, **{"Cairn-Principal": admin}), 403, "forbidden")
