"""One description of many services: public paths, names kept apart, what the gateway adds, always the same bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI, Header
from jsonschema import Draft202012Validator
from pydantic import BaseModel, create_model

from services.gateway.openapi import merge, render
from services.gateway.routes import RouteTable

ROUTES = RouteTable()


class Same(BaseModel):
    id: str


def service(name: str, page_field: str) -> FastAPI:
    app = FastAPI(title=name, openapi_tags=[{"name": name, "description": f"About {name}."}])
    item = create_model("Item", **{page_field: (str, ...)})  # type: ignore[call-overload]
    page = create_model("Page", items=(list[item], ...))  # type: ignore[valid-type]

    @app.get(f"/{name}", response_model=page, operation_id="list")
    async def list_all(limit: int = 50) -> Any: ...

    @app.get(f"/{name}/{{id}}", response_model=Same)
    async def read(id: str, cairn_after: str | None = Header(None), cairn_principal: str = Header()) -> Any: ...

    @app.post(f"/{name}", response_model=item, status_code=201)
    async def create(body: Same, idempotency_key: str | None = Header(None)) -> Any: ...

    @app.get("/healthz")
    async def healthz() -> Any: ...

    return app


DOCUMENTS = {"goals": service("goals", "title").openapi(), "people": service("people", "email").openapi()}


@pytest.fixture
def merged() -> dict[str, Any]:
    return merge(json.loads(json.dumps(DOCUMENTS)), ROUTES, "1.2.3")


def refs(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(refs(value) for value in node.values()))
    return set().union(*(refs(item) for item in node)) if isinstance(node, list) else set()


def test_only_what_the_table_leads_to_is_described(merged: dict[str, Any]) -> None:
    assert list(merged["paths"]) == [
        "/api/v1/goals",
        "/api/v1/goals/{id}",
        "/api/v1/people",
        "/api/v1/people/{id}",
        "/healthz",
        "/readyz",
    ]


def test_a_service_does_not_describe_anothers_paths() -> None:
    documents = {"goals": DOCUMENTS["goals"], "people": DOCUMENTS["goals"]}
    assert merge(documents, ROUTES, "1")["paths"].keys() == {
        "/api/v1/goals",
        "/api/v1/goals/{id}",
        "/healthz",
        "/readyz",
    }


def test_names_with_two_meanings_are_kept_apart_also_where_only_what_they_lead_to_differs(
    merged: dict[str, Any],
) -> None:
    schemas = merged["components"]["schemas"]
    assert {"GoalsItem", "PeopleItem", "GoalsPage", "PeoplePage", "Same"} <= schemas.keys()
    assert not {"Item", "Page"} & schemas.keys()
    assert schemas["GoalsPage"]["properties"]["items"]["items"]["$ref"] == "#/components/schemas/GoalsItem"
    assert "email" in schemas["PeopleItem"]["properties"]


def test_a_name_of_the_gateways_own_is_not_overwritten() -> None:
    document = json.loads(json.dumps(DOCUMENTS["goals"]))
    document["components"]["schemas"]["Problem"] = {"type": "string"}
    document["paths"]["/goals"]["get"]["responses"]["418"] = {
        "description": "odd",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    schemas = merge({"goals": document}, ROUTES, "1")["components"]["schemas"]
    assert schemas["GoalsProblem"] == {"type": "string"}
    assert schemas["Problem"]["type"] == "object"


def test_every_reference_leads_somewhere_and_nothing_is_left_over(merged: dict[str, Any]) -> None:
    known = {
        f"#/components/{section}/{name}"
        for section, parts in merged["components"].items()
        for name in parts
        if section != "securitySchemes"
    }
    assert refs(merged) == known
    assert not any("ValidationError" in ref for ref in known)


def test_operations_have_names_of_their_own_and_tags(merged: dict[str, Any]) -> None:
    operations = [operation for item in merged["paths"].values() for operation in item.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert {"list", "people_list"} <= set(ids)
    assert [tag["name"] for tag in merged["tags"]] == ["gateway", "goals", "people"]


def test_what_a_service_says_of_its_tags_is_passed_on(merged: dict[str, Any]) -> None:
    assert {tag["name"]: tag["description"] for tag in merged["tags"][1:]} == {
        "goals": "About goals.",
        "people": "About people.",
    }
    assert "ready" in merged["tags"][0]["description"]


def test_common_headers_and_problems_are_said_once(merged: dict[str, Any]) -> None:
    create = merged["paths"]["/api/v1/goals"]["post"]
    assert create["parameters"] == [
        {"$ref": "#/components/parameters/CairnAfter"},
        {"$ref": "#/components/parameters/IdempotencyKey"},
    ]
    assert {"400", "401", "403", "409", "412", "413", "415", "422", "429", "503"} <= create["responses"].keys()
    assert create["responses"]["422"] == {"$ref": "#/components/responses/Unprocessable"}
    assert create["responses"]["201"]["headers"]["Cairn-Position"] == {"$ref": "#/components/headers/Cairn-Position"}
    read = merged["paths"]["/api/v1/goals/{id}"]["get"]
    assert [parameter.get("name", parameter.get("$ref")) for parameter in read["parameters"]] == [
        "id",
        "#/components/parameters/CairnAfter",
    ]
    assert "404" in read["responses"]


def test_everything_needs_a_token(merged: dict[str, Any]) -> None:
    assert merged["security"] == [{"bearer": []}]
    assert merged["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    open_to_all = {path for path, item in merged["paths"].items() for op in item.values() if "security" in op}
    assert open_to_all == {"/healthz", "/readyz"}


def test_the_same_input_gives_the_same_bytes_in_any_order() -> None:
    turned = dict(reversed(json.loads(json.dumps(DOCUMENTS)).items()))
    assert render(merge(turned, ROUTES, "1")) == render(merge(DOCUMENTS, ROUTES, "1"))


def test_the_services_own_documents_are_left_alone() -> None:
    before = json.dumps(DOCUMENTS)
    merge(DOCUMENTS, ROUTES, "1")
    assert json.dumps(DOCUMENTS) == before


def test_schemas_are_json_schemas_and_the_document_says_its_version(merged: dict[str, Any]) -> None:
    for schema in merged["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    assert merged["openapi"].startswith("3.1")
    assert merged["info"]["version"] == "1.2.3"
