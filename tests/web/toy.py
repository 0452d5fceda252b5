"""A small app that uses everything of `libs/web`; what it is asked it remembers, so that tests see what got in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from libs.access.tokens import InvalidToken
from libs.events import errors
from libs.web.answers import answer, page_answer, public_path
from libs.web.app import Readiness, create_app
from libs.web.fields import Date, Fraction01, Id, Ids, Model, Number, Timestamp, Title, Weight, line, one_of, text
from libs.web.headers import cairn_after, cairn_position, idempotency_key, if_match
from libs.web.paging import TEXT, Paging, paging
from libs.web.problems import Problem
from libs.web.route import router

ID = "0191d3a0-0000-7000-8000-000000000001"
PLANTED = "Alice Example has the flu"


class GoalCycle(errors.Conflict):
    """A goal under itself."""

    code = "goal_cycle"
    detail = "A goal cannot stand under itself. Choose another parent."


class MetricBody(Model):
    """What is measured."""

    start: Number
    target: Number


class GoalBody(Model):
    """A goal with one field of each type."""

    title: Title
    kind: Literal["objective", "key_result"] = "objective"
    description: Annotated[str, text(100)] | None = None
    owner_id: Id | None = None
    weight: Weight = Decimal(1)
    confidence: Fraction01 | None = None
    metric: MetricBody | None = None
    labels: Annotated[list[Annotated[str, line(20)]], Field(max_length=3, default_factory=list)]
    due: Date | None = None
    starts_at: Timestamp | None = None
    clamp: bool = True
    depth: Annotated[int, Field(ge=1, le=5)] = 1


RAISED: dict[str, Exception] = {
    "rejected": errors.Rejected(f=1, who=PLANTED, at="goals.events"),
    "not_found": errors.NotFound(),
    "conflict": GoalCycle(goal_id=ID),
    "forbidden": errors.Forbidden(),
    "precondition": errors.PreconditionFailed(1, 2),
    "reused": errors.IdempotencyKeyReused(PLANTED),
    "in_flight": errors.IdempotencyKeyInFlight(PLANTED),
    "unavailable": errors.StoreUnavailable(PLANTED),
    "ambiguous": errors.StoreUnavailable(PLANTED, ambiguous=True),
    "busy": errors.TooManyConflicts(PLANTED),
    "raced": errors.ConcurrencyConflict(PLANTED, 1, 2),
    "behind": errors.NotCaughtUp({"goals": 7}),
    "parked": errors.KeyParked(PLANTED),
    "restored": errors.StoreRestored(PLANTED),
    "key_missing": errors.KeyMissing(PLANTED),
    "seal_broken": errors.SealBroken(PLANTED),
    "malformed": errors.MalformedEvent(PLANTED),
    "future": errors.EventFromTheFuture(PLANTED),
    "token": InvalidToken("token_expired", "The token has expired. Get a new one."),
    "teapot": Problem(418, "teapot", "This is a teapot."),
    "bug": RuntimeError(PLANTED),
}


def toy_app(*, ready: Readiness | Exception | None = None, max_body: int = 2000, base: str = "") -> FastAPI:
    """The app; `app.state.seen` collects what its endpoints were given."""
    seen: list[Any] = []

    async def readiness() -> Readiness:
        if isinstance(ready, Exception):
            raise ready
        return ready or Readiness(ready=True, parts={"goals.tree": {"lag": 0}})

    routers = [_writes(seen), _reads(seen), _failures()]
    app = create_app("toy", title="Toy", routers=routers, ready=readiness, max_body=max_body, base=base)
    app.state.seen = seen
    return app


def _writes(seen: list[Any]) -> APIRouter:
    routes = router(prefix="/goals", tags=["goals"])

    @routes.post("", status_code=201)
    async def create_goal(request: Request, body: GoalBody) -> Response:
        seen.append(body)
        headers = {"version": if_match(request), "key": idempotency_key(request), "after": cairn_after(request)}
        content = {"id": ID, "weight": body.weight, "starts_at": body.starts_at, **headers}
        location = public_path(request, f"/goals/{ID}")
        return answer(content, status=201, version=1, location=location, position={"goals": 17})

    @routes.put("/{goal_id}/note")
    async def note(goal_id: Id, body: MetricBody | None = None) -> Response:
        seen.append(body)
        return answer({"given": body is not None})

    @routes.post("/{goal_id}/publish")
    async def publish(goal_id: Id) -> Response:
        seen.append("published")
        return Response(status_code=204, headers={"Cairn-Position": cairn_position({"goals": 18})})

    return routes


def _reads(seen: list[Any]) -> APIRouter:
    routes = router(prefix="/goals", tags=["goals"])

    @routes.get("")
    async def list_goals(
        request: Request,
        page: Annotated[Paging, Depends(paging)],
        owner_id: Annotated[Ids | None, Query()] = None,
        state: Annotated[tuple[str, ...] | None, one_of("draft", "open"), Query()] = None,
        due_before: Date | None = None,
        q: Annotated[str | None, Query(max_length=20)] = None,
    ) -> Response:
        bound = ("title", owner_id, state)
        start = page.after(TEXT, *bound)
        seen.append((page.limit, owner_id, state, due_before, start))
        return page_answer(request, [{"id": ID}], page.next(("a title", ID), *bound))

    @routes.get("/{goal_id}")
    async def read_goal(goal_id: Id) -> Response:
        at = datetime(2026, 1, 31, 9, tzinfo=UTC)
        content = {"id": goal_id, "progress": 0.25, "weight": Decimal("2.50"), "at": at}
        return answer(content, version=7)

    return routes


def _failures() -> APIRouter:
    routes = router()

    @routes.get("/raise/{name}")
    async def fail(name: str) -> Response:
        raise RAISED[name]

    @routes.get("/broken-stream")
    async def broken_stream() -> Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"begun"
            raise RuntimeError(PLANTED)

        return StreamingResponse(pieces(), headers={"Content-Length": "100"})

    return routes
