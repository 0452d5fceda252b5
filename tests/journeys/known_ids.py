"""What generated requests need to get past the first rules: ids that there are, and addresses nobody has.

Schemathesis loads this by name (SCHEMATHESIS_HOOKS) and calls it before every request. Only well-formed values are
replaced, so that what is generated to be wrong stays wrong.
"""

from __future__ import annotations

import json
import os
from itertools import count
from typing import Any
from uuid import UUID

import schemathesis

KNOWN = "KNOWN_IDS"
"""The environment variable with what bodies may name, as JSON: `prepared.Prepared.bodies`."""
MOST_EMAIL = 254
NUMBERS = count(1)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """People, units and goals named in bodies become those that there are, addresses become new ones."""
    if not isinstance(case.body, dict):
        return
    known = json.loads(os.environ[KNOWN])
    for name, there in named(known, case.operation.path, case.path_parameters or {}).items():
        if is_id(case.body.get(name)):
            case.body[name] = there
    email = case.body.get("email")
    if isinstance(email, str) and email.isprintable() and 0 < len(email.strip()) <= len(email) <= MOST_EMAIL:
        # The description asks for a line of text; that it must be an address is a rule.
        case.body["email"] = f"made-{next(NUMBERS)}@t.example"
    people = case.body.get("contributor_ids")
    if isinstance(people, list) and all(map(is_id, people)):
        case.body["contributor_ids"] = [known["person"] for _ in people]


def named(known: dict[str, Any], path: str, parameters: dict[str, Any]) -> dict[str, Any]:
    """What the members of a body may name, by member."""
    people = dict.fromkeys(("owner_id", "manager_id", "lead_id"), known["person"])
    above = known["above"] if "/units" in path else known["parent_id"]
    check_in = known["check_ins"].get(str(parameters.get("goal_id")))
    return {**people, "unit_id": known["unit_id"], "parent_id": above, "check_in_id": check_in}


def is_id(value: object) -> bool:
    """Whether a value has an id's form."""
    try:
        return isinstance(value, str) and str(UUID(value)) == value.lower()
    except ValueError:
        return False
