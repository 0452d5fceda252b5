"""Who may do what with people and units, as data: the only place that says so for commands, queries and answers.

Relations are to the person in question (`self`, `manager`, `manager_chain`) and roles (`employee` and others). For
offers, `state` is the person's. Who may not read erasures is told of each that there is none (404), and is refused the
list of them (403).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from libs.access.policy import Policy, Rule

_ABSENCES = ("self", "manager_chain", "admin")

POLICY = Policy(
    "people",
    rules=(
        Rule("person.add", ("admin",)),
        Rule("person.read", ("employee",)),
        Rule("person.read_details", ("self", "manager_chain", "admin", "hr_partner")),
        Rule("person.change", ("admin",)),
        Rule("person.change_settings", ("self", "admin")),
        Rule("absence.plan", _ABSENCES),
        Rule("absence.read", _ABSENCES),
        Rule("absence.withdraw", _ABSENCES),
        Rule("erasure.request", ("admin",)),
        Rule("erasure.confirm", ("admin",)),
        Rule("erasure.read", ("admin",)),
        Rule("unit.create", ("admin",)),
        Rule("unit.read", ("employee",)),
        Rule("unit.change", ("admin",)),
    ),
    routes={
        "POST /people": "person.add",
        "GET /people": "person.read",
        "PUT /people/by-ref/{system}/{external_id}": "person.change",
        "GET /people/{person_id}": "person.read",
        "PATCH /people/{person_id}": "person.change_settings",
        "POST /people/{person_id}/deactivate": "person.change",
        "POST /people/{person_id}/reactivate": "person.change",
        "GET /people/{person_id}/reports": "person.read",
        "POST /people/{person_id}/absences": "absence.plan",
        "GET /people/{person_id}/absences": "absence.read",
        "GET /people/{person_id}/absences/{absence_id}": "absence.read",
        "DELETE /people/{person_id}/absences/{absence_id}": "absence.withdraw",
        "POST /people/{person_id}/erase": "erasure.request",
        "GET /erasures": "erasure.read",
        "GET /erasures/{erasure_id}": "erasure.read",
        "POST /erasures/{erasure_id}/confirm": "erasure.confirm",
        "GET /me": "person.read",
        "POST /units": "unit.create",
        "GET /units": "unit.read",
        "PUT /units/by-ref/{system}/{external_id}": "unit.change",
        "GET /units/{unit_id}": "unit.read",
        "PATCH /units/{unit_id}": "unit.change",
    },
)

SETTINGS = frozenset({"locale", "timezone"})
"""What a person says about themselves; everything else takes `person.change`."""


@dataclass(frozen=True)
class Offer:
    """An action that answers may name, and in which states of the person or erasure it does something."""

    action: str
    states: tuple[str, ...] = ("active", "deactivated")
    to_oneself: bool = True


OFFERED: Mapping[str, Mapping[str, Offer]] = {
    "person": {
        "change": Offer("person.change"),
        "change_settings": Offer("person.change_settings"),
        "plan_absence": Offer("absence.plan"),
        "deactivate": Offer("person.change", ("active",), to_oneself=False),
        "reactivate": Offer("person.change", ("deactivated",)),
        "erase": Offer("erasure.request"),
    },
    "absence": {"withdraw": Offer("absence.withdraw")},
    "erasure": {"confirm": Offer("erasure.confirm", ("requested",), to_oneself=False)},
    "unit": {"change": Offer("unit.change")},
}
"""What `allowed_actions` of a person, an absence, an erasure and a unit may name."""
