"""The one byte string of an event: RFC 8785 canonical JSON of a restricted tree (promise 0).

Keys are ASCII, integers are safe, there are no floats: a fractional number is a decimal written as a string without
exponent, a time is RFC 3339 UTC. On this restricted tree, sorted compact UTF-8 JSON equals RFC 8785 byte for byte.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from libs.events.errors import MalformedEvent

Tree = dict[str, Any]
"""An event's data as JSON values: dict, list, str, int, bool, None. Never a float."""

_SAFE_INTEGER = 2**53 - 1
_ENCODER = msgspec.json.Encoder(order="sorted")


def decimal_text(value: Decimal) -> str:
    """A decimal as a string without exponent and without trailing zeros: `Decimal("1E+2")` is `"100"`."""
    if not value.is_finite():
        raise MalformedEvent("NaN and infinity are no numbers of an event")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def time_text(value: datetime) -> str:
    """An aware time as RFC 3339 UTC with microseconds, `2026-01-31T09:00:00.000000Z`."""
    if value.utcoffset() is None:
        raise MalformedEvent("a time without a zone is no time of an event")
    try:
        at = value.astimezone(UTC)
    except OverflowError:
        raise MalformedEvent(
            "a time that lies before year 1 or after year 9999 in UTC is no time of an event"
        ) from None
    # Not strftime: its years before 1000 have fewer than four digits.
    return at.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def tree_of(data: msgspec.Struct) -> Tree:
    """A catalogue struct as a canonical tree. Raises MalformedEvent on floats, unsafe integers, non-ASCII keys."""
    tree = msgspec.to_builtins(data, builtin_types=(Decimal, datetime, date))
    if not isinstance(tree, dict):
        raise MalformedEvent("an event's data is an object")
    checked: Tree = _canonical(tree)
    return checked


def encode(tree: Tree) -> bytes:
    """The canonical bytes of a tree that `tree_of` made (or of an envelope around one)."""
    try:
        return _ENCODER.encode(tree)
    except UnicodeEncodeError as error:
        raise MalformedEvent("a lone surrogate is no text of an event") from error


def _canonical(value: Any) -> Any:
    # One branch a JSON type; the order is by how often each occurs in events.
    match value:
        case str() | None | bool():
            return value
        case Decimal():
            return decimal_text(value)
        case dict():
            return {_key(name): _canonical(item) for name, item in value.items()}
        case list() | tuple():
            return [_canonical(item) for item in value]
        case int():
            if abs(value) > _SAFE_INTEGER:
                raise MalformedEvent("an integer beyond 2^53 - 1 is not portable: make it a decimal")
            return value
        case datetime():
            return time_text(value)
        case date():
            return value.isoformat()
        case _:
            raise MalformedEvent(f"{type(value).__name__} is no canonical type: fractional numbers are decimals")


def _key(name: Any) -> str:
    if not isinstance(name, str) or not name.isascii():
        raise MalformedEvent("a member name of an event is ASCII")
    return name
