"""What every refusal must be like: a problem with a stable code that says what to do and repeats nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import httpx2

PLANTED = "zr4planted"
"""Stands in bodies, queries, headers and tokens that tests send; no answer and no log line may hold it."""

_MEMBERS = {"type", "title", "status", "detail", "code", "instance"}


def refused_well(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The problem, after everything that holds of all of them was looked at."""
    assert answer.status_code == status, f"{answer.status_code} instead of {status}: {answer.text[:500]}"
    assert answer.headers["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["code"] == code, found
    assert _MEMBERS <= found.keys() <= _MEMBERS | {"errors", "facts", "trace_id"}, found
    assert (found["status"], found["type"]) == (status, f"urn:cairn:problem:{code}")
    assert re.fullmatch(r"[a-z][a-z0-9_]*", code)
    assert found["instance"] == answer.request.url.raw_path.decode().partition("?")[0][:500]
    assert found["title"]
    assert re.search(r"\w.{10,}[.`]$", found["detail"]), found["detail"]
    for error in found.get("errors", ()):
        assert error.keys() == {"pointer", "detail"}
        assert error["detail"].endswith(".")
    said = answer.text + str(answer.headers.multi_items())
    assert PLANTED not in said.lower()
    assert "Traceback" not in said
    assert answer.headers["Cache-Control"] == "no-store"
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    return found


def told(answer: httpx2.Response, asked: Iterable[str]) -> tuple[Any, ...]:
    """Everything that an answer tells, but for the ids that were asked about, the trace and the time."""
    text, size = answer.text, len(answer.content)
    for one in asked:
        size -= text.count(one) * len(one)
        text = text.replace(one, "ID")
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "content-length")}
    body = json.loads(text)
    return answer.status_code, headers, [(name, body[name]) for name in body if name != "trace_id"], size
