"""What can go wrong, as HTTP (RFC 9457): the one place that knows a status for an error of the domain or the kernel."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from starlette.responses import Response
from starlette.types import Scope

from libs.access.tokens import InvalidToken
from libs.events import errors as kernel
from libs.telemetry import tracing

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_TOKEN = re.compile(r"[A-Za-z0-9_.:/-]{1,128}", re.ASCII)
_STATUS: Mapping[kernel.Kind, int] = {"rejected": 422, "not_found": 404, "conflict": 409, "forbidden": 403}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong value: a JSON pointer into the body or a parameter's name, and what to do about it."""

    pointer: str
    detail: str


class Problem(Exception):
    """An answer that refuses: raise it anywhere below the app factory. `detail` says what to do, and quotes nobody."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        self.status, self.code, self.detail = status, code, detail
        self.errors, self.headers, self.facts = tuple(errors), dict(headers or {}), _shown(facts or {})
        super().__init__(code)


def problem_response(problem: Problem, scope: Scope) -> Response:
    """The answer of a problem, `application/problem+json`; a 5xx names its trace, so that its log line is found."""
    body: dict[str, Any] = {
        "type": f"urn:cairn:problem:{problem.code}",
        "title": problem.code.replace("_", " ").capitalize(),
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "instance": instance_of(scope),
    }
    if problem.errors:
        body["errors"] = problem.errors
    if problem.facts:
        body["facts"] = problem.facts
    if problem.status >= 500 and (ids := tracing.current_ids()) is not None:
        body["trace_id"] = ids[0]
    return Response(_ENCODER.encode(body), problem.status, problem.headers, MEDIA_TYPE)


def instance_of(scope: Scope) -> str:
    """The request's public path, percent-encoded and at most 500 characters long."""
    path = str(scope.get("cairn.base", "")) + str(scope["path"])
    return quote(path, safe="/:@!$&'()*+,;=~-._", errors="replace")[:500]


def problem_of(error: Exception) -> Problem:
    """The problem that an error of the domain, the kernel or a token is; a 500 for anything else."""
    match error:
        case Problem():
            return error
        case kernel.DomainError():
            return Problem(_STATUS[error.kind], error.code, error.message, facts=error.facts)
        case InvalidToken():
            return Problem(401, error.code, error.detail, headers={"WWW-Authenticate": "Bearer"})
        case kernel.StoreUnavailable(ambiguous=True):
            return unavailable("store_unavailable", _UNKNOWN)
        case kernel.KernelError():
            return _of_kernel(error)
        case _:
            return Problem(500, "internal_error", "Something failed here. Try again; if it stays, report the trace_id.")


def unavailable(code: str, detail: str, *, seconds: int = 1) -> Problem:
    """A 503 that asks the client to come back after `seconds`."""
    return Problem(503, code, detail, headers={"Retry-After": str(seconds)})


_UNKNOWN = (
    "The store broke off while it was writing, so it is not known whether the change happened. "
    "Send the same request again with the same Idempotency-Key, or read before you repeat it."
)
_LATER: Mapping[type[kernel.KernelError], tuple[str, str]] = {
    kernel.StoreUnavailable: ("store_unavailable", "The store cannot answer now. Nothing was changed; try again."),
    kernel.TooManyConflicts: ("busy", "Too many changes at once to the same thing. Nothing was changed; try again."),
    kernel.ConcurrencyConflict: ("busy", "Somebody else was faster. Nothing was changed; try again."),
    kernel.NotCaughtUp: ("not_caught_up", "The answer does not hold the asked position yet. Try again shortly."),
    kernel.KeyParked: ("parked", "An event of this could not be applied yet, so the answer would be out of date."),
    kernel.StoreRestored: ("store_restored", "The store was restored, and the answers from it are being made anew."),
}


def _of_kernel(error: kernel.KernelError) -> Problem:
    match error:
        case kernel.PreconditionFailed():
            detail = "It has changed since. Read it again, then send the ETag of that answer in If-Match."
            return Problem(412, "precondition_failed", detail)
        case kernel.IdempotencyKeyReused():
            detail = "This Idempotency-Key came with another request before. Use a new key for a new request."
            return Problem(422, "idempotency_key_reused", detail)
        case kernel.IdempotencyKeyInFlight():
            detail = "The first request with this Idempotency-Key is still under way. Wait, then ask again."
            return Problem(409, "idempotency_key_in_flight", detail, headers={"Retry-After": "1"})
    for kind, (code, detail) in _LATER.items():
        if isinstance(error, kind):
            return unavailable(code, detail)
    # What is left means that stored data cannot be read as it should: an operator has to look.
    _log.error("stored data cannot be read", exc_info=error)
    return unavailable(
        "data_fault", "What is stored for this cannot be read. The operators have been told.", seconds=60
    )


def _shown(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts are numbers, times, ids and words of ours; a text that could be a person's does not pass."""
    return {name: value for name, value in facts.items() if _is_plain(value)}


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return _TOKEN.fullmatch(value) is not None
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, (bool, int, float, Decimal, date, UUID))
