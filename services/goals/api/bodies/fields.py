"""The fields that bodies of goals share: texts by length, and records of other systems as commands know them."""

from __future__ import annotations

from typing import Annotated

from libs.web.fields import text, words
from libs.web.references import KnownReferenceBody, ReferenceBody
from services.goals.domain.commands import Reference

Words = Annotated[str, text(10_000)]
"""Text of several lines; may be empty."""
Said = Annotated[str, words(10_000)]
"""Text of several lines that says something."""
Reason = Annotated[str, words(2_000)]
"""Why somebody does what cannot be done silently."""


def reference(body: ReferenceBody | None) -> Reference | None:
    """The record that a body names, if it does."""
    return Reference(body.system, body.id, body.url) if body is not None else None


def record_of(body: KnownReferenceBody | None, system: str, external_id: str) -> Reference:
    """The record that the path names, with the body's link. Raises Problem when the body names another record."""
    if body is None:
        return Reference(system, external_id)
    body.check(system, external_id)
    return Reference(system, external_id, body.url)
