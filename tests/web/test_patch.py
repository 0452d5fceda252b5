"""Patches and what is new beside them: absent keeps, null clears, objects merge; words; ids in paths; examples."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import jsonschema
import msgspec
import pytest
from fastapi import FastAPI
from pydantic import ConfigDict, TypeAdapter, ValidationError
from starlette.responses import Response
from starlette.testclient import TestClient

from libs.web.answers import answer
from libs.web.app import Readiness, create_app
from libs.web.fields import WRONG_SHAPE, WRONG_VALUE, Id, Number, Title, words
from libs.web.patch import ABSENT, Kept, Patch
from libs.web.route import router
from libs.web.schemas import answers, answers_nothing, answers_page, describe_answers

ID = "0191d3a0-0000-7000-8000-000000000001"
SAID: TypeAdapter[str] = TypeAdapter(Annotated[str, words(10)])


class MetricPatch(Patch):
    """A part."""

    target: Kept[Number] = ABSENT
    unit: Title | None = ABSENT


class ThingPatch(Patch):
    """A whole."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "New", "metric": None}]})

    title: Kept[Title] = ABSENT
    clamp: Kept[bool] = ABSENT
    labels: list[Title] | None = ABSENT
    metric: MetricPatch | None = ABSENT


class ThingAnswer(msgspec.Struct):
    """A thing."""

    id: str
    weight: Decimal
    title: str | None


# --- patches ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "changes"),
    [
        ({}, {}),
        ({"title": "New"}, {"title": "New"}),
        ({"clamp": False}, {"clamp": False}),
        ({"labels": None, "metric": None}, {"labels": None, "metric": None}),
        ({"labels": ["a", "b"]}, {"labels": ("a", "b")}),
        ({"metric": {}}, {"metric": {}}),
        ({"metric": {"unit": None}}, {"metric": {"unit": None}}),
        ({"metric": {"target": 7}}, {"metric": {"target": Decimal(7)}}),
    ],
)
def test_only_what_was_sent_changes(sent: dict[str, Any], changes: dict[str, Any]) -> None:
    assert ThingPatch.model_validate(sent).changes() == changes


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        ({"title": None}, WRONG_VALUE),
        ({"clamp": None}, WRONG_VALUE),
        ({"metric": {"target": None}}, WRONG_VALUE),
        ({"title": 7}, WRONG_SHAPE),
        ({"colour": None}, "extra_forbidden"),
    ],
)
def test_what_must_be_is_not_cleared(sent: dict[str, Any], kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ThingPatch.model_validate(sent)
    assert [error["type"] for error in refused.value.errors()] == [kind]


def test_the_schema_of_a_patch_promises_no_defaults() -> None:
    schema = ThingPatch.model_json_schema()
    properties = [*schema["properties"].values(), *schema["$defs"]["MetricPatch"]["properties"].values()]
    assert not any("default" in one for one in properties)
    assert "required" not in schema
    for sent, good in (
        ({}, True),
        ({"title": None}, False),
        ({"metric": None}, True),
        ({"metric": {"target": None}}, False),
    ):
        assert jsonschema.Draft202012Validator(schema).is_valid(sent) is good, sent


# --- words ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "found"), [(" a ", "a"), ("a\r\nb", "a\nb"), ("\n\ta\tb\n", "a\tb"), ("äö 日本", "äö 日本")]
)
def test_words_are_trimmed(raw: str, found: str) -> None:
    assert SAID.validate_python(raw) == found
    assert jsonschema.Draft202012Validator(SAID.json_schema()).is_valid(raw)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ("", WRONG_VALUE),
        (" \n\t", WRONG_VALUE),
        ("\u00a0", WRONG_VALUE),
        ("x" * 11, WRONG_VALUE),
        ("a\u0007", WRONG_VALUE),
        (None, WRONG_SHAPE),
        (7, WRONG_SHAPE),
    ],
)
def test_words_say_something(raw: Any, kind: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SAID.validate_python(raw)
    assert refused.value.errors()[0]["type"] == kind
    assert not jsonschema.Draft202012Validator(SAID.json_schema()).is_valid(raw)


# --- paths and examples -----------------------------------------------------------------------------------------


@pytest.fixture
def things() -> FastAPI:
    """An app with a literal address beside ids, and examples with nulls in them."""
    routes = router(tags=["things"])
    example = ThingAnswer(ID, Decimal("2.50"), None)

    @routes.get("/things/all", responses=answers_page(ThingAnswer, "All.", example=example))
    async def read_all() -> Response:
        return answer({"items": []})

    @routes.patch("/things/{thing_id}", responses=answers(ThingAnswer, "One.", example=example))
    async def change(thing_id: Id, body: ThingPatch | None = None) -> Response:
        return answer({"id": thing_id})

    @routes.delete("/things/{thing_id}", status_code=204, responses=answers_nothing("None."))
    async def remove(thing_id: Id) -> Response:
        return Response(status_code=204)

    app = create_app("things", title="Things", routers=[routes], ready=lambda: Readiness(True))
    describe_answers(app, [ThingAnswer])
    return app


def test_an_address_that_is_no_id_is_not_one(things: FastAPI) -> None:
    client = TestClient(things)
    assert client.get("/things/all").status_code == 200
    for method in ("PATCH", "DELETE", "POST"):
        refused = client.request(method, "/things/all")
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert client.delete("/things/some").status_code == 404
    assert client.delete(f"/things/{ID}").status_code == 204
    assert client.patch(f"/things/{ID.upper()}").json() == {"id": ID}
    assert client.get(f"/things/{ID}").status_code == 405


def test_examples_are_shown_as_they_would_be_sent(things: FastAPI) -> None:
    document = TestClient(things).get("/openapi.json").json()
    shown = {"id": ID, "weight": 2.5, "title": None}
    paths = document["paths"]
    listed = paths["/things/all"]["get"]["responses"]["200"]["content"]["application/json"]
    assert listed["example"] == {"items": [shown], "next_cursor": None}
    changed = paths["/things/{thing_id}"]["patch"]["responses"]["200"]["content"]["application/json"]
    assert changed == {"schema": {"$ref": "#/components/schemas/Thing"}, "example": shown}
    assert "content" not in paths["/things/{thing_id}"]["delete"]["responses"]["204"]
    assert document["components"]["schemas"]["ThingPatch"]["examples"] == [{"title": "New", "metric": None}]
