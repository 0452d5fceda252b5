"""The types of a request's fields: strict about what JSON gave them, canonical in what the domain gets.

In subclasses of `Model`, and for path and query parameters: `title: Title`, `note: Annotated[str, text(2000)]`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from libs.web.characters import NOT_BLANK, ONE_LINE, SEVERAL_LINES, controls, says_something, turns

WRONG_SHAPE, WRONG_VALUE = "wrong_shape", "wrong_value"

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_PLACES = Decimal("0.000001")
# Wide enough for twelve digits before the point and six behind; no traps, so that nothing a client sends can raise.
_EXACT = Context(prec=40, traps=[])
_FIRST_YEAR, _LAST_YEAR = 1900, 2999


class Model(BaseModel):
    """A request body: unknown fields and wrong types are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Pydantic writes a decimal's default as a string, where a number is meant."""
        found = handler(core)
        properties = handler.resolve_ref_schema(found).get("properties", {})
        for name, field in cls.model_fields.items():
            if isinstance(field.default, Decimal):
                properties[field.alias or name]["default"] = _json_number(field.default)
        return found


def wrong_shape(detail: str) -> PydanticCustomError:
    """To raise in a validator: the JSON has the wrong type (400). `detail` is constant text."""
    return PydanticCustomError(WRONG_SHAPE, "{detail}", {"detail": detail})


def wrong_value(detail: str) -> PydanticCustomError:
    """To raise in a validator: the right type, but a value that is not taken (422). `detail` is constant text."""
    return PydanticCustomError(WRONG_VALUE, "{detail}", {"detail": detail})


@dataclass(frozen=True)
class Field:
    """A validator of one JSON value together with the JSON schema that says what it takes."""

    read: Callable[[Any], Any]
    schema: tuple[tuple[str, Any], ...]
    dump: Callable[[Any], Any] = str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Takes the place of what pydantic would do for the annotated type."""
        written = core_schema.plain_serializer_function_ser_schema(self.dump)
        return core_schema.no_info_plain_validator_function(self.read, serialization=written)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The declared schema; pydantic cannot see into a function."""
        return dict(self.schema)


# --- text -------------------------------------------------------------------------------------------------------


def text(longest: int) -> Field:
    """A text of up to `longest` characters, of several lines if wanted (CRLF becomes LF); may be empty.

    Control characters other than line feed and tab are refused.
    """

    def read(value: Any) -> str:
        found = _string(value, longest).replace("\r\n", "\n")
        _check_printable(found, "\n\t")
        return found

    return Field(read, (("type", "string"), ("maxLength", longest), ("pattern", SEVERAL_LINES)))


def line(longest: int) -> Field:
    """A single line of 1 to `longest` characters with something to see in it, trimmed at both ends.

    Control characters, other line breaks and what turns the direction of writing around are refused.
    """

    def read(value: Any) -> str:
        found = _string(value, longest)
        _check_printable(found, "")
        if turns(found):
            raise wrong_value("Leave out line breaks and characters that turn the direction of writing around.")
        return _seen(found)

    return Field(read, (("type", "string"), ("minLength", 1), ("maxLength", longest), ("pattern", ONE_LINE)))


def without_slash(field: Field) -> Field:
    """The same field for what stands in a path: a text with a slash in it is refused."""

    def read(value: Any) -> str:
        found: str = field.read(value)
        if "/" in found:
            raise wrong_value("Leave out slashes: write them as another character, such as a colon.")
        return found

    schema = dict(field.schema)
    return Field(read, tuple({**schema, "pattern": schema["pattern"].replace("[^", "[^/")}.items()))


def words(longest: int) -> Field:
    """What somebody says: 1 to `longest` characters of several lines if wanted, not only spaces, trimmed at both ends.

    Control characters other than line feed and tab are refused.
    """

    several = text(longest)

    def read(value: Any) -> str:
        return _seen(several.read(value))

    schema = (("type", "string"), ("minLength", 1), ("maxLength", longest), ("pattern", NOT_BLANK))
    return Field(read, schema)


def _seen(value: str) -> str:
    if not says_something(value):
        raise wrong_value("Write something that can be seen.")
    return value.strip()


def _string(value: Any, longest: int) -> str:
    if not isinstance(value, str):
        raise wrong_shape("This must be a string.")
    if len(value) > longest:
        raise wrong_value(f"Use at most {longest} characters.")
    return value


def _check_printable(value: str, allowed: str) -> None:
    if controls(value, allowed):
        raise wrong_value("Leave out control characters.")


Title = Annotated[str, line(200)]
"""A title: one line of 1 to 200 characters."""


# --- numbers ----------------------------------------------------------------------------------------------------


def number(least: int, most: int) -> Field:
    """A JSON number from `least` to `most` with at most six decimal places, as a `Decimal` without exponent."""

    def read(value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            raise wrong_shape("This must be a number.")
        if not least <= value <= most:
            raise wrong_value(f"Use a number from {least} to {most}.")
        exact = Decimal(value)
        rounded = exact.quantize(_PLACES, context=_EXACT)
        if rounded != exact:
            raise wrong_value("Use at most six decimal places.")
        return _plain(rounded)

    schema = {"type": "number", "minimum": least, "maximum": most, "multipleOf": 0.000001}
    return Field(read, tuple(schema.items()), _json_number)


def _plain(value: Decimal) -> Decimal:
    digits = format(value, "f").rstrip("0").rstrip(".")
    return Decimal(0) if digits in ("-0", "") else Decimal(digits)


def _json_number(value: Any) -> Any:
    return (
        value if not isinstance(value, Decimal) else int(value) if value == value.to_integral_value() else float(value)
    )


Number = Annotated[Decimal, number(-(10**12), 10**12)]
"""A measure: at most six decimal places and absolute value 1e12."""
Weight = Annotated[Decimal, number(0, 1_000_000)]
"""How much a goal counts in its parent."""
Fraction01 = Annotated[Decimal, number(0, 1)]
"""A share, 0 to 1."""


# --- ids and times ----------------------------------------------------------------------------------------------


def is_id(value: str) -> bool:
    """Whether an id could look like this."""
    return value.isascii() and _UUID.fullmatch(value.lower()) is not None


def _read_id(value: Any) -> str:
    if not isinstance(value, str):
        raise wrong_shape("This must be an id, as a string.")
    if not is_id(value):
        raise wrong_value("This must be an id as the API gave it, like 0191d3a0-0000-7000-8000-000000000000.")
    return value.lower()


def _read_date(value: Any) -> date:
    if type(value) is date:
        return value
    if not isinstance(value, str):
        raise wrong_shape("This must be a date, as a string.")
    try:
        found = date.fromisoformat(value) if _DATE.fullmatch(value) else None
    except ValueError:
        found = None
    if found is None:
        raise wrong_value("Use a date like 2026-01-31.")
    _check_year(found)
    return found


def _read_time(value: Any) -> datetime:
    if not isinstance(value, str):
        raise wrong_shape("This must be a time, as a string.")
    try:
        found = datetime.fromisoformat(value.upper()) if _TIME.fullmatch(value) else None
    except ValueError:
        found = None
    if found is None:
        raise wrong_value("Use a time with its zone, like 2026-01-31T09:00:00Z.")
    # The year first: converting a time at the edge of the calendar would overflow.
    _check_year(found)
    return found.astimezone(UTC)


def _check_year(found: date) -> None:
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise wrong_value(f"Use a year from {_FIRST_YEAR} to {_LAST_YEAR}.")


ID = Field(_read_id, (("type", "string"), ("format", "uuid")))
Id = Annotated[str, ID]
"""An id: UUID text, lower case."""
Date = Annotated[date, Field(_read_date, (("type", "string"), ("format", "date")), date.isoformat)]
"""A calendar date of the years 1900 to 2999, `2026-01-31`."""
Timestamp = Annotated[datetime, Field(_read_time, (("type", "string"), ("format", "date-time")), datetime.isoformat)]
"""A time with a zone, of the years 1900 to 2999; becomes UTC."""


# --- lists in a query -------------------------------------------------------------------------------------------


def _read_ids(value: Any) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return tuple(dict.fromkeys(_read_id(part) for part in _parts(value)))


def one_of(*choices: str) -> Field:
    """A comma-separated filter whose every part is one of `choices`, as a tuple without repeats.

    `state: Annotated[tuple[str, ...] | None, one_of("draft", "open"), Query()] = None`.
    """

    def read(value: Any) -> tuple[str, ...]:
        parts = value if isinstance(value, tuple) else _parts(value)
        if any(part not in choices for part in parts):
            raise wrong_value(f"Use one or several of: {', '.join(choices)}.")
        return tuple(dict.fromkeys(parts))

    allowed = "|".join(map(re.escape, choices))
    said = f"One or several of {', '.join(f'`{choice}`' for choice in choices)}, separated by commas."
    pattern = f"^(?:{allowed})(?:,(?:{allowed}))*$"
    return Field(read, (("type", "string"), ("pattern", pattern), ("description", said)))


def _parts(value: Any) -> list[str]:
    # FastAPI gathers a parameter that becomes several values in a list, even when it was given once.
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str):
        raise wrong_shape("This must be a string.")
    if len(parts := value.split(",")) > _MOST_PARTS:
        raise wrong_value(f"Use at most {_MOST_PARTS} values, separated by commas.")
    return parts


_MOST_PARTS = 100
Ids = Annotated[tuple[str, ...], Field(_read_ids, (("type", "string"), ("description", "Ids, separated by commas.")))]
"""A comma-separated filter of 1 to 100 ids: `owner_id: Annotated[Ids | None, Query()] = None`."""
