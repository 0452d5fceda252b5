"""References to other systems' records, in bodies and in the paths of `PUT …/by-ref/{system}/{external_id}`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Protocol, TypeVar

import msgspec
from pydantic import Field

from libs.events.claims import Record
from libs.web.fields import Model, line, without_slash
from libs.web.patch import ABSENT, Kept, Patch
from libs.web.problems import FieldError, Problem

System = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", max_length=64)]
"""The name of another system."""
ExternalId = Annotated[str, without_slash(line(200))]
"""What another system calls a record; it stands in addresses, where a slash would end it."""
Link = Annotated[str, Field(max_length=2000, pattern=r"^https?://[!-~]+$")]
"""Where a browser finds it."""
R = TypeVar("R")


class ReferenceBody(Model):
    """The record of another system that this stands for."""

    system: System
    id: ExternalId
    url: Link | None = None


class ReferencePatch(Patch):
    """Another record, or another link to the same."""

    system: Kept[System] = ABSENT
    id: Kept[ExternalId] = ABSENT
    url: Link | None = ABSENT


class KnownReferenceBody(Model):
    """The record of another system that the path names already; `url` leads there."""

    system: System | None = None
    id: ExternalId | None = None
    url: Link | None = None

    def check(self, system: str, external_id: str) -> None:
        """Raises Problem when this names another record than the path does."""
        wrong = [
            FieldError(f"/external_ref/{name}", "The path names another record. Leave this out.")
            for name, said, named in (("system", self.system, system), ("id", self.id, external_id))
            if said not in (None, named)
        ]
        if wrong:
            raise Problem(422, "invalid_value", "A value is not taken; errors say which and why.", errors=wrong)


class ExternalRefAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The record of another system that this stands for."""

    system: str
    id: str | None
    url: str | None


class LinkedRecord(Record, Protocol):
    """A record of another system, as facts name it."""

    @property
    def url(self) -> str | None:
        """Where a browser finds it."""
        ...


def reference_answer(record: LinkedRecord | None) -> ExternalRefAnswer | None:
    """The record as clients see it."""
    return None if record is None else ExternalRefAnswer(system=record.system, id=record.id, url=record.url)


def given(make: Callable[[str, str, str | None], R], body: ReferenceBody | None) -> R | None:
    """The record that a body names, if it does, as `make(system, id, url)` puts it."""
    return None if body is None else make(body.system, body.id, body.url)


def named(
    make: Callable[[str, str, str | None], R], body: KnownReferenceBody | None, system: str, external_id: str
) -> R:
    """The record that the path names, with the body's link. Raises Problem when the body names another record."""
    if body is None:
        return make(system, external_id, None)
    body.check(system, external_id)
    return make(system, external_id, body.url)
