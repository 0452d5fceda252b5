"""Who may knock, and how often: nothing goes on for a bad token, and every answer to a good one tells its quota."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from libs.access.principals import Principal
from libs.access.tokens import DEVELOPMENT_ISSUER, DevelopmentIssuer
from tests.gateway.conftest import Front, fronted


def unsigned() -> str:
    parts = [{"alg": "none"}, {"iss": DEVELOPMENT_ISSUER, "aud": "cairn", "sub": "p", "tenant": "acme", "exp": 2**33}]
    coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*coded, ""])


@pytest.mark.parametrize("path", ["/api/v1/goals/1", "/api/v1/nothing", "/api/v1/", "/api/v1/goals/../people"])
async def test_without_a_token_nothing_is_looked_up(front: Front, path: str) -> None:
    async with front.wire() as wire:
        await wire.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = await wire.answer()
    assert (answer.status, answer.json()["code"]) == (401, "token_missing")
    assert answer.header("content-type") == "application/problem+json"
    assert answer.header("www-authenticate") == 'Bearer realm="cairn"'
    assert answer.header("ratelimit") is None
    assert front.goals.requests == []


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("Bearer nonsense", "token_malformed"),
        ("Bearer a.b.c", "token_malformed"),
        ("Bearer " + "x" * 9000, "token_malformed"),
        ("Bearer tök.en.x", "token_malformed"),
        (f"Bearer {unsigned()}", None),
        ("Basic dXNlcjpwYXNz", "token_missing"),
        ("Bearer", "token_missing"),
        ("", "token_missing"),
    ],
)
async def test_a_token_that_proves_nothing_is_refused(front: Front, authorization: str, code: str | None) -> None:
    async with httpx2.AsyncClient(base_url=front.url) as client:
        answer = await client.get("/api/v1/goals/1", headers=[(b"Authorization", authorization.encode())])
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert code in (None, answer.json()["code"])
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert authorization[7:] == "" or authorization[7:] not in answer.text
    assert front.goals.requests == []


async def test_an_expired_token_and_one_of_another_key_are_refused(front: Front) -> None:
    other = DevelopmentIssuer(Ed25519PrivateKey.generate())
    tokens = {
        "token_expired": front.token(ttl=-5.0),
        "token_invalid": other.issue("acme", "p1", now=front.clock.now(), ttl=timedelta(minutes=5)),
    }
    for code, token in tokens.items():
        async with httpx2.AsyncClient(base_url=front.url) as client:
            answer = await client.get("/api/v1/goals/1", headers={"Authorization": f"Bearer {token}"})
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert f'error="invalid_token", error_description="{code}"' in answer.headers["www-authenticate"]


async def test_two_tokens_are_none(front: Front) -> None:
    headers = [("Authorization", f"Bearer {front.token()}"), ("Authorization", f"Bearer {front.token('p2')}")]
    async with httpx2.AsyncClient(base_url=front.url) as client:
        assert (await client.get("/api/v1/goals/1", headers=headers)).status_code == 401


async def test_an_unknown_path_is_told_only_to_those_with_a_token(front: Front) -> None:
    async with front.client() as client:
        answer = await client.get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.json()["instance"] == "/api/v1/nothing"


async def test_the_principal_is_signed_and_a_clients_own_is_dropped(front: Front) -> None:
    forged = {
        "Cairn-Principal": "admin",
        "X-Forwarded-For": "10.0.0.1",
        "Forwarded": "for=10.0.0.1",
        "Cookie": "a=b",
        "Connection": "cairn-principal, keep-alive",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    async with front.client() as client:
        assert (await client.get("/api/v1/goals/1", headers=forged)).status_code == 200
    (header,) = front.goals.headers("cairn-principal")
    assert front.reader.read(header) == Principal("acme", DEVELOPMENT_ISSUER, "p1")
    (trace,) = front.goals.headers("traceparent")
    assert trace.split("-")[1] == "0af7651916cd43dd8448eb211c80319c"
    names = {name for name, _ in front.goals.requests[-1]["headers"]}
    assert not names & {b"authorization", b"cookie", b"forwarded", b"x-forwarded-for", b"connection"}
    assert front.goals.headers("host") == ["goals"]


async def test_every_answer_to_a_token_tells_its_quotas_and_the_last_is_a_429() -> None:
    async with fronted(principal=3, tenant=50) as front, front.client() as client:
        answers = [await client.get(path) for path in ("/api/v1/goals/1", "/api/v1/nothing", "/api/v1/goals/crash")]
        refused = await client.get("/api/v1/goals/1")
        async with httpx2.AsyncClient(base_url=front.url, headers=front.bearer("p2")) as other:
            assert (await other.get("/api/v1/goals/1")).status_code == 200
    assert [answer.status_code for answer in answers] == [200, 404, 502]
    assert [answer.headers["ratelimit"].split(",")[0] for answer in answers] == [
        f'"principal";r={left};t=1' for left in (2, 1, 0)
    ]
    assert {answer.headers["ratelimit-policy"] for answer in [*answers, refused]} == {
        '"principal";q=3;w=1, "tenant";q=50;w=1'
    }
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "quota_exceeded"
    assert len([scope for scope in front.goals.requests if scope["path"] == "/goals/1"]) == 2


async def test_a_tenants_quota_is_shared_by_its_people_and_by_nobody_else() -> None:
    async with fronted(tenant=2) as front, httpx2.AsyncClient(base_url=front.url) as client:

        async def ask(person: str, tenant: str) -> int:
            return (await client.get("/api/v1/goals/1", headers=front.bearer(person, tenant))).status_code

        assert [await ask(person, "acme") for person in ("a", "b", "c")] == [200, 200, 429]
        assert await ask("a", "globex") == 200


async def test_many_at_once_are_counted_exactly() -> None:
    async with fronted(principal=20) as front, front.client() as client:
        answers = await asyncio.gather(*(client.get("/api/v1/goals/1") for _ in range(40)))
    taken = sum(answer.status_code == 200 for answer in answers)
    assert taken == len(front.goals.requests) == 20
