"""The rules of people by name: what a decider raises when a command breaks one."""

from __future__ import annotations

from libs.events.errors import Conflict, NotFound, Rejected


class PersonNotFound(NotFound):
    """There is no such person in the tenant."""

    code = "person_not_found"
    detail = "There is no person with this id. Look people up with GET /people."


class UnknownManager(Rejected):
    """The manager named does not work here."""

    code = "unknown_manager"
    detail = "manager_id names nobody who works here. Use the id of an active person from GET /people."


class EmailTaken(Conflict):
    """The address belongs to somebody else."""

    code = "email_taken"
    detail = "Somebody in this tenant already has this e-mail address. Look them up with GET /people?email=."


class InvalidEmail(Rejected):
    """The address has no form that mail could be sent to."""

    code = "invalid_email"
    detail = "This is no e-mail address. Write it as name@example.org, in at most 254 characters."


class UnknownRole(Rejected):
    """A role that nobody can be given."""

    code = "unknown_role"
    detail = "There is no such role. Use hr_partner, compliance, admin or service; everybody is an employee."
