"""Which fields of a row may be indexed, stored or computed, and how values stand in SQLite for rows and for queries."""

from __future__ import annotations

import math
import re
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

from msgspec import inspect

from libs.events.canonical import time_text
from libs.events.declare import Collection, Index, Many, Row, Words
from libs.events.ports import Scalar

_NAME = re.compile(r"[a-z_]+")
_LARGEST = 2**63 - 1
_SORTABLE = (
    inspect.StrType,
    inspect.IntType,
    inspect.FloatType,
    inspect.BoolType,
    inspect.DateTimeType,
    inspect.DateType,
    inspect.EnumType,
    inspect.LiteralType,
)
_LISTS = (inspect.ListType, inspect.VarTupleType, inspect.SetType, inspect.FrozenSetType)


def check(collection: Collection) -> None:
    """Raises ValueError for a name that is no plain identifier, and for a field that cannot be indexed as declared."""
    _identifier(collection.name)
    indexed = [entry.fields for entry in collection.indexes if isinstance(entry, Index)]
    many = [entry.field for entry in collection.indexes if isinstance(entry, Many)]
    words = [entry.field for entry in collection.indexes if isinstance(entry, Words)]
    for fields in indexed:
        if not fields or len(set(fields)) != len(fields):
            raise ValueError(f"{collection.name}: an Index names one or more fields, each once")
    if set(many) & set(words):
        raise ValueError(f"{collection.name}: a field is either Many or Words")
    wanted: list[tuple[str, tuple[type[inspect.Type], ...]]]
    wanted = [(field, _SORTABLE) for fields in indexed for field in fields]
    wanted += [(field, _LISTS) for field in many]
    wanted += [(field, (inspect.StrType,)) for field in words]
    stored = {field.name: field.type for field in _struct(collection.row).fields}
    for field, allowed in wanted:
        _identifier(field)
        kind = stored[field] if field in stored else _computed(collection, field)
        if not all(_is(one, allowed) for one in _kinds(kind)):
            raise ValueError(f"{collection.name}.{field} has a type that cannot be indexed this way")


def scalar(value: Any) -> Scalar:
    """An indexed value as SQLite compares it: times as RFC 3339 UTC of one width, dates as ISO text.

    Raises ValueError for what has no order there: NaN, infinity, integers beyond 64 bits, other types.
    """
    # By exact type first: every value of every row that is written comes through here.
    quick = _QUICK.get(type(value))
    return quick(value) if quick is not None else _scalar(value)


def _scalar(value: Any) -> Scalar:
    match value:
        case Enum():
            return scalar(value.value)
        case str() | bool():
            return value
        case int() if -_LARGEST <= value <= _LARGEST:
            return value
        case float() if math.isfinite(value):
            return value
        case date() if not isinstance(value, datetime):
            return value.isoformat()
        case datetime():
            return _moment(value)
        case _:
            raise ValueError(f"a value of type {type(value).__name__} that cannot be indexed")


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a time without a zone, which has no order among others")
    return time_text(value)


def _same(value: Any) -> Any:
    return value


_QUICK: Mapping[type, Callable[[Any], Scalar]] = {
    type(None): _same,
    str: _same,
    bool: _same,
    date: date.isoformat,
    datetime: _moment,
}


def _identifier(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name for a collection or field: use a to z and underscores")


def _struct(row: type[Row]) -> inspect.StructType:
    info = inspect.type_info(row)
    if not isinstance(info, inspect.StructType):
        raise ValueError(f"{row.__name__} is no struct")
    return info


def _computed(collection: Collection, field: str) -> inspect.Type:
    """The type of a property of the row, which its return annotation says."""
    found = getattr(collection.row, field, None)
    if not isinstance(found, property) or found.fget is None:
        raise ValueError(f"{collection.name} has no field {field!r}")
    try:
        return inspect.type_info(typing.get_type_hints(found.fget)["return"])
    except (KeyError, NameError, TypeError) as error:
        raise ValueError(f"{collection.name}.{field} is computed, but does not say what type it has") from error


def _kinds(info: inspect.Type) -> list[inspect.Type]:
    if isinstance(info, inspect.Metadata):
        return _kinds(info.type)
    if isinstance(info, inspect.UnionType):
        return [kind for member in info.types for kind in _kinds(member)]
    return [] if isinstance(info, inspect.NoneType) else [info]


def _is(kind: inspect.Type, allowed: tuple[type[inspect.Type], ...]) -> bool:
    if isinstance(kind, _LISTS):
        return allowed == _LISTS and all(isinstance(item, inspect.StrType) for item in _kinds(kind.item_type))
    return isinstance(kind, allowed)
