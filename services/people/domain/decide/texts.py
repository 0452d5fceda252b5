"""Which texts about a person are taken: addresses, language tags, time zones, references to other systems' records."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from libs.events.catalog.people import PersonRef, UnitRef
from services.people.domain.commands import Reference
from services.people.domain.errors import (
    ImplausibleHiredOn,
    IncompleteReference,
    InvalidEmail,
    InvalidLocale,
    UnknownTimezone,
)

LONGEST_EMAIL = 254
FURTHEST_HIRE = timedelta(days=2 * 366)
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")
_LOCALE = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})"  # language
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"  # script, region
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"  # variants
    r"(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?",  # extensions, private use
    re.ASCII | re.IGNORECASE,
)
"""A language tag of RFC 5646; whether its parts are registered is not looked at."""


def check_email(email: str) -> None:
    """Raises InvalidEmail for what no mail could be sent to."""
    if len(email) > LONGEST_EMAIL or not email.isprintable() or not _EMAIL.fullmatch(email):
        raise InvalidEmail


def check_locale(locale: str) -> None:
    """Raises InvalidLocale for what is no BCP 47 language tag."""
    if not _LOCALE.fullmatch(locale):
        raise InvalidLocale


def check_timezone(timezone: str, zones: Collection[str]) -> None:
    """Raises UnknownTimezone for what is none of the zones there are."""
    if timezone not in zones:
        raise UnknownTimezone


def check_hired_on(hired_on: date, today: date) -> None:
    """Raises ImplausibleHiredOn for a day further ahead than anybody is hired."""
    if hired_on > today + FURTHEST_HIRE:
        raise ImplausibleHiredOn


def merged(standing: PersonRef | UnitRef | None, changes: Mapping[str, Any] | None) -> Reference | None:
    """An external reference after a merge patch. Raises IncompleteReference."""
    if changes is None:
        return None
    found = {name: getattr(standing, name, None) for name in ("system", "id", "url")} | dict(changes)
    if found["system"] is None or found["id"] is None:
        raise IncompleteReference
    return Reference(found["system"], found["id"], found["url"])
