"""The description of the API against the running product, and the policies against the routes that there are."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from libs.access.policy import Policy, Rule
from libs.web.service import Service
from libs.web.settings import ServiceSettings
from services.cli.up import assemble
from services.goals.policy import OFFERED as GOALS_OFFER
from services.people.policy import OFFERED as PEOPLE_OFFER
from tests.journeys import known_ids
from tests.journeys.described import body_examples, body_schema, good_answers, operations
from tests.journeys.prepared import Prepared, prepare
from tests.journeys.team import Team
from tests.product import Product, environment

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
ROOT = Path(__file__).parents[2]
MOST_SECONDS = 480
SEED = 20261123
EXAMPLES = 3
"""Made up freely for each operation, beside the systematic ones of the coverage phase, which are a hundred or so."""
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
)
REPORT = "answers.har"
FIXED = """
[parameters]
"header.Cairn-After" = "goals:0"
"header.If-Match" = "*"
"""
"""A position that has not come would be waited for, and a version that is none be refused, at every request."""


def test_the_product_does_what_its_description_says(
    product: Product, team: Team, description: dict[str, Any], tmp_path: Path
) -> None:
    prepared = prepare(team, operations(description))
    ran = generate(product, prepared, tmp_path)
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr
    entries = json.loads((tmp_path / REPORT).read_text())["log"]["entries"]
    answered = {
        (entry["request"]["method"], httpx2.URL(entry["request"]["url"]).path, entry["response"]["status"])
        for entry in entries
    }
    assert max(status for _, _, status in answered) < 500
    # Operations that only ever refused would have shown nothing of their answers.
    good = {f"{method} {path}" for method, path, status in answered if status < 300}
    wanted = {name.format(**prepared.paths.get(name, {})) for name in operations(description)}
    assert len(wanted) > 55
    assert wanted - good == set()


def generate(product: Product, prepared: Prepared, folder: Path) -> subprocess.CompletedProcess[str]:
    """Requests made from the description, each answer checked against it; the same ones at every run."""
    config = folder / "schemathesis.toml"
    config.write_text(FIXED + "".join(map(about, prepared.paths.items())))
    command = [
        *(SCHEMATHESIS, "--config-file", config, "run", f"{product.url}/openapi.json"),
        *("--header", f"Authorization: {prepared.team.admin.headers['Authorization']}", "--checks", ",".join(CHECKS)),
        *("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES), "--seed", str(SEED)),
        *(
            "--workers",
            "2",
            "--continue-on-failure",
            "--request-timeout",
            "20",
            "--warnings",
            "off",
            "--report-har-path",
            REPORT,
        ),
    ]
    hooks = {"SCHEMATHESIS_HOOKS": known_ids.__name__, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(**hooks, **{known_ids.KNOWN: json.dumps(prepared.bodies)}),
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
        check=False,
    )


def about(path: tuple[str, Mapping[str, str]]) -> str:
    """The part of the configuration that says what an operation is about."""
    operation, ids = path
    fixed = ", ".join(f'"path.{name}" = "{value}"' for name, value in ids.items())
    return f'\n[[operations]]\ninclude-name = "{operation}"\nparameters = {{ {fixed} }}\n'


# --- what it tells a newcomer -----------------------------------------------------------------------------------


def test_every_route_of_people_and_goals_is_in_it_with_examples(description: dict[str, Any]) -> None:
    found = operations(description)
    assert len(found) > 55
    for name, operation in found.items():
        assert operation["description"], name
        for status, media in good_answers(operation):
            assert holds(description, media["schema"], media["example"]), f"{name} {status}"
        schema, examples = body_schema(operation), body_examples(description, operation)
        assert (schema is None) == (examples == []), name
        assert all(holds(description, schema or {}, example) for example in examples), name


def test_every_list_takes_a_limit_a_cursor_a_sort_and_a_time(description: dict[str, Any]) -> None:
    lists = {name: operation for name, operation in operations(description).items() if answers_a_page(operation)}
    assert len(lists) > 10
    for name, operation in lists.items():
        taken = {one["name"] for one in operation["parameters"] if one.get("in") == "query"}
        assert {"limit", "cursor", "sort", "updated_since"} <= taken, name


def answers_a_page(operation: Mapping[str, Any]) -> bool:
    return any("next_cursor" in media["schema"].get("properties", ()) for _, media in good_answers(operation))


def holds(description: dict[str, Any], schema: Mapping[str, Any], example: Any) -> bool:
    whole = {**schema, "components": description["components"]}
    return bool(jsonschema.Draft202012Validator(whole).is_valid(example))


def test_examples_offer_what_is_really_offered(description: dict[str, Any]) -> None:
    """`allowed_actions` of examples name actions that there are."""
    named: set[str] = set()
    for operation in operations(description).values():
        for _, media in good_answers(operation):
            for one in media["example"].get("items", [media["example"]]):
                named |= set(one.get("allowed_actions", ()))
    assert named
    there = {action for offered in (GOALS_OFFER, PEOPLE_OFFER) for of in offered.values() for action in of}
    assert named <= there


def test_the_pages_for_people_show_the_same_description(product: Product) -> None:
    page = httpx2.get(f"{product.url}/docs")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "/openapi.json" in page.text


# --- policies and routes ----------------------------------------------------------------------------------------


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[list[Service]]:
    async with AsyncExitStack() as stack:
        installation = await assemble(ServiceSettings(data_dir=tmp_path / "data"), stack)
        yield list(installation.services)


def routes_of(app: FastAPI) -> set[str]:
    """`"POST /goals"` of every route that clients can reach: all but those about the process itself."""
    api = [route for route in app.router.routes if isinstance(route, APIRoute) and route.include_in_schema]
    return {f"{method} {route.path}" for route in api for method in route.methods}


def apart(routes: Iterable[str], policy: Policy) -> list[str]:
    """Routes that the policy does not speak of, and routes it speaks of that are none."""
    there = set(routes)
    unruled = [
        f"{route} has no row in the policy of {policy.service}" for route in sorted(there - policy.routes.keys())
    ]
    gone = [f"{route} of the policy of {policy.service} is no route" for route in sorted(policy.routes.keys() - there)]
    return unruled + gone


async def test_every_route_has_its_row_in_the_policy(services: list[Service]) -> None:
    found = {service.name: routes_of(service.app) for service in services}
    assert set(found) == {"people", "goals"}
    assert all(found.values())
    assert [line for service in services for line in apart(found[service.name], service.policy)] == []


async def test_nothing_else_is_open(services: list[Service]) -> None:
    """What the check above leaves out: liveness, readiness and the description, which tell nothing of a tenant."""
    for service in services:
        paths = {getattr(route, "path", "") for route in service.app.router.routes}
        ruled = {route.partition(" ")[2] for route in routes_of(service.app)}
        assert paths - ruled == {"/healthz", "/readyz", "/openapi.json"}


async def test_a_planted_route_without_a_row_is_found(services: list[Service]) -> None:
    [goals] = [service for service in services if service.name == "goals"]
    goals.app.add_api_route("/goals/{goal_id}/leak", lambda: None, methods=["GET"])
    assert apart(routes_of(goals.app), goals.policy) == ["GET /goals/{goal_id}/leak has no row in the policy of goals"]


def test_a_planted_row_without_a_route_is_found() -> None:
    policy = Policy("toys", (Rule("toy.read", ("owner",)),), {"GET /toys": "toy.read", "GET /toys/{id}": "toy.read"})
    assert apart({"GET /toys"}, policy) == ["GET /toys/{id} of the policy of toys is no route"]
