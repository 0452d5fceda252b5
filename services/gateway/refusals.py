"""What the gateway itself answers instead of a service: every refusal at the door, as a problem with a stable code."""

from __future__ import annotations

import httpx2

from libs.access.tokens import InvalidToken
from libs.web.problems import Problem, unavailable
from services.gateway.quotas import Admission

_CHALLENGE = 'Bearer realm="cairn"'
_BROKEN_OFF = (
    "The service broke off before it answered, so it is not known whether it did anything. "
    "Send the same request again with the same Idempotency-Key, or read before you repeat it."
)


def no_token() -> Problem:
    """401: a request without one bearer token."""
    detail = "Send a bearer token: `Authorization: Bearer <token>`, once."
    return Problem(401, "token_missing", detail, headers={"WWW-Authenticate": _CHALLENGE})


def token_refused(error: InvalidToken) -> Problem:
    """401: a token that proves nothing."""
    challenge = f'{_CHALLENGE}, error="invalid_token", error_description="{error.code}"'
    return Problem(401, error.code, error.detail, headers={"WWW-Authenticate": challenge})


def no_room(admission: Admission) -> Problem:
    """429: a quota is used up."""
    whose = " and ".join(f"the {name}" for name in admission.violated)
    detail = f"The quota of requests a second of {whose} is used up. Wait {admission.retry_after} s, then try again."
    facts = {"violated_policies": list(admission.violated)}
    return Problem(429, "quota_exceeded", detail, headers={"Retry-After": str(admission.retry_after)}, facts=facts)


def no_service() -> Problem:
    """404: a path that no service has."""
    return Problem(404, "not_found", "Nothing has this path. The paths there are: /openapi.json, or /docs for people.")


def broken_off(error: httpx2.TransportError) -> Problem:
    """502 to 504: a service that gave no answer."""
    if isinstance(error, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)):
        return unavailable("service_unavailable", "The service cannot be reached now. Nothing was changed; try again.")
    if isinstance(error, httpx2.TimeoutException):
        return Problem(504, "service_timeout", _BROKEN_OFF)
    return Problem(502, "service_failed", _BROKEN_OFF)
