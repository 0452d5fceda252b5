"""What generated requests need to get past the first rules: ids that there are, and addresses nobody has.

Schemathesis loads this by name (SCHEMATHESIS_HOOKS) and calls it before every request. Only well-formed values are
replaced, so that what is generated to be wrong stays wrong.
"""

from __future__ import annotations

import os
from itertools import count
from typing import Any
from uuid import UUID

import schemathesis

PERSON = "KNOWN_PERSON_ID"
"""The environment variable with the id of whoever asks."""
MOST_EMAIL = 254
NUMBERS = count(1)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """People named in bodies become the one that there is, addresses become new ones."""
    if isinstance(case.body, dict):
        known = os.environ[PERSON]
        if is_id(case.body.get("owner_id")):
            case.body["owner_id"] = known
        if is_id(case.body.get("manager_id")):
            case.body["manager_id"] = known
        email = case.body.get("email")
        if isinstance(email, str) and email.isprintable() and 0 < len(email.strip()) <= len(email) <= MOST_EMAIL:
            # The description asks for a line of text; that it must be an address is a rule.
            case.body["email"] = f"made-{next(NUMBERS)}@t.example"
        people = case.body.get("contributor_ids")
        if isinstance(people, list) and all(map(is_id, people)):
            case.body["contributor_ids"] = [known for _ in people]


def is_id(value: object) -> bool:
    """Whether a value has an id's form."""
    try:
        return isinstance(value, str) and str(UUID(value)) == value.lower()
    except ValueError:
        return False
