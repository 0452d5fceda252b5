"""What clients send to people: request bodies, and their way into commands."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from libs.web.fields import Id, Model, line
from services.people.domain.commands import AddPerson, Role


class PersonBody(Model):
    """Somebody who joins."""

    display_name: Annotated[str, line(200)]
    email: Annotated[str, line(254)]
    job_title: Annotated[str, line(200)] | None = None
    manager_id: Id | None = None
    roles: Annotated[list[Role], Field(max_length=10, default_factory=list)]

    def command(self) -> AddPerson:
        """The body as a command."""
        return AddPerson(
            display_name=self.display_name,
            email=self.email,
            job_title=self.job_title,
            manager_id=self.manager_id,
            roles=tuple(self.roles),
        )
