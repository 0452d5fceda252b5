"""Who may do what with people, as data: the only place that says so for commands, queries and `allowed_actions`."""

from __future__ import annotations

from libs.access.policy import Policy, Rule

POLICY = Policy(
    "people",
    rules=(
        Rule("person.add", ("admin",)),
        Rule("person.read", ("employee",)),
    ),
    routes={
        "POST /people": "person.add",
        "GET /people": "person.read",
        "GET /people/{person_id}": "person.read",
        "GET /me": "person.read",
    },
)
