"""The pages, health and description of a running gateway, and what a browser makes of them without any network."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx2
import pytest

from services.gateway.wiring import wire
from tests.gateway.conftest import Front, fronted, people_app
from tests.gateway.noting import NotingService
from tests.servers import chromium


@pytest.fixture
async def client(front: Front) -> Any:
    async with httpx2.AsyncClient(base_url=front.url) as open_client:
        yield open_client


async def test_the_home_page_says_what_this_is_and_loads_nothing(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for link in ("/docs", "/openapi.json", "/healthz", "/readyz"):
        assert f'href="{link}"' in answer.text
    assert "src=" not in answer.text
    assert "https://" not in answer.text
    assert 'lang="en"' in answer.text
    assert "eyJ" not in answer.text
    # What it tells to paste is found where the README puts it.
    assert "$(.venv/bin/cairn token " in answer.text
    assert (await client.head("/")).status_code == 200


async def test_the_docs_load_their_own_files_only(client: httpx2.AsyncClient) -> None:
    page = await client.get("/docs")
    assert "unsafe-eval" not in page.headers["content-security-policy"]
    assert "http" not in page.text.replace("http-equiv", "")
    for name, kind in (("swagger-ui-bundle.js", "text/javascript"), ("swagger-ui.css", "text/css"), ("start.js", None)):
        asset = await client.get(f"/docs/{name}")
        assert asset.status_code == 200
        assert asset.headers["x-content-type-options"] == "nosniff"
        assert kind is None or asset.headers["content-type"].startswith(kind)


@pytest.mark.parametrize("name", ["redoc.standalone.js", "..%2f__init__.py", "../core.py", "nothing"])
async def test_no_other_file_is_given_away(client: httpx2.AsyncClient, name: str) -> None:
    assert (await client.get(f"/docs/{name}")).status_code == 404


async def test_an_unknown_page_is_a_problem(client: httpx2.AsyncClient) -> None:
    for path in ("/nothing", "/api", "/api/v1", "/api/v2/goals"):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


async def test_the_description_covers_the_services(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert list(answer.json()["paths"]) == ["/api/v1/goals/{goal_id}", "/api/v1/me", "/healthz", "/readyz"]


async def test_a_service_that_does_not_describe_itself_is_asked_again() -> None:
    broken = [True]
    whole = people_app()

    async def people(scope: Any, receive: Any, send: Any) -> None:
        if broken[0]:
            raise LookupError
        await whole(scope, receive, send)

    async with fronted(people=people) as front, httpx2.AsyncClient(base_url=front.url) as client:
        answer = await client.get("/openapi.json")
        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
        broken[0] = False
        assert (await client.get("/openapi.json")).status_code == 200


async def test_ready_is_when_every_service_is(front: Front, client: httpx2.AsyncClient) -> None:
    assert (await client.get("/healthz")).status_code == 200
    ready = await client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert ready.json()["services"]["people"]["parts"] == {"members/people.events": "ok"}
    front.goals.ready = False
    unready = await client.get("/readyz")
    assert (unready.status_code, unready.json()["ready"]) == (503, False)
    assert unready.json()["services"]["goals"] == {"ready": False, "parts": {"goals": "stopped"}}


async def test_a_service_that_fails_is_not_ready() -> None:
    async def people(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError

    async with fronted(people=people) as front, httpx2.AsyncClient(base_url=front.url) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["services"]["people"] == {"ready": False, "reason": "unreachable"}


def test_a_table_that_leads_to_no_service_is_refused() -> None:
    with pytest.raises(ValueError, match="people"):
        wire({"goals": NotingService()}, None, None)  # type: ignore[arg-type]


BROWSER = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=15000",
    "--enable-logging=stderr",
    "--dump-dom",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]


async def browse(url: str, profile: Path) -> tuple[str, list[str]]:
    """The page once its scripts have run, and what they complained of; nothing but this machine can be reached."""
    process = await asyncio.create_subprocess_exec(
        chromium(),
        *BROWSER,
        f"--user-data-dir={profile}",
        url,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    dom, log = await asyncio.wait_for(process.communicate(), 90)
    return dom.decode(), [line for line in log.decode(errors="replace").splitlines() if "CONSOLE" in line]


async def test_a_browser_shows_the_home_page(front: Front, tmp_path: Path) -> None:
    dom, complaints = await browse(front.url, tmp_path)
    assert "<h1>Cairn</h1>" in dom
    assert complaints == []


async def test_a_browser_lists_the_operations_of_the_docs(front: Front, tmp_path: Path) -> None:
    dom, complaints = await browse(f"{front.url}/docs", tmp_path)
    text = re.sub(r"<[^>]*>|\u200b", "", dom)
    for shown in ("/api/v1/goals/{goal_id}", "Read a goal", "/api/v1/me", "Authorize"):
        assert shown in text
    assert complaints == []
