"""Fields take what the contract says and nothing near it, whatever the value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from libs.web.body import parse_json
from libs.web.fields import WRONG_SHAPE, WRONG_VALUE, Date, Fraction01, Id, Number, Timestamp, Title, Weight, text
from tests.web.toy import GoalBody

NOTE = Annotated[str, text(10)]
UUID = "0191d3a0-0000-7000-8000-00000000abcd"


def _kind(field: Any, raw: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(field).validate_python(raw)
    (error,) = refused.value.errors()
    return error["type"]


@pytest.mark.parametrize("field", [Title, NOTE, Number, Weight, Fraction01, Id, Date, Timestamp])
@pytest.mark.parametrize("raw", [None, True, [], {}, ["x"], {"a": 1}])
def test_another_json_type_is_a_wrong_shape(field: Any, raw: Any) -> None:
    assert _kind(field, raw) == WRONG_SHAPE


@pytest.mark.parametrize("raw", ["1", "", "1.5"])
@pytest.mark.parametrize("field", [Number, Weight, Fraction01])
def test_a_text_is_no_number(field: Any, raw: str) -> None:
    assert _kind(field, raw) == WRONG_SHAPE


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        (Number, b"1e400"),
        (Number, b"-1e400"),
        (Number, b"1E-400"),
        (Number, b"1e999999999"),
        (Number, b"1e-999999999"),
        (Number, b"9" * 1000),
        (Number, b"0." + b"3" * 900),
        (Number, b"1000000000000.000001"),
        (Number, b"1000000000001"),
        (Number, b"0.0000001"),
        (Weight, b"-0.1"),
        (Weight, b"1000000.5"),
        (Fraction01, b"1.000001"),
        (Fraction01, b"-1"),
        (Title, b'""'),
        (Title, b'" \\u00a0 "'),
        (Title, b'"a\\u0000"'),
        (Title, b'"a\\nb"'),
        (Title, b'"a\\u007f"'),
        (Title, b'"a\\u0085b"'),
        (Title, b'"' + b"x" * 201 + b'"'),
        (NOTE, b'"12345678901"'),
        (NOTE, b'"\\u001b[31m"'),
        (NOTE, b'"a\\rb"'),
        (Id, b'"x"'),
        (Id, b'"0191d3a0000070008000000000000001"'),
        (Id, b'"{0191d3a0-0000-7000-8000-000000000001}"'),
        (Id, b'"0191d3a0-0000-7000-8000-00000000000\xc5\xbf"'),
        (Id, b'"0191d3a0-0000-7000-8000-000000000001\\n"'),
        (Date, b'"2026-02-30"'),
        (Date, b'"2026-1-1"'),
        (Date, b'"20260101"'),
        (Date, b'"2026-W01-1"'),
        (Date, b'"2026-01-31T00:00:00Z"'),
        (Date, '"٢٠٢٦-٠١-٣١"'.encode()),
        (Date, b'"0001-01-01"'),
        (Date, b'"9999-12-31"'),
        (Timestamp, b'"2026-01-31T09:00:00"'),
        (Timestamp, b'"2026-01-31"'),
        (Timestamp, b'"2026-01-31T24:01:00Z"'),
        (Timestamp, b'"2026-01-31T09:00:60Z"'),
        (Timestamp, b'"2026-01-31T09:00:00+25:00"'),
        (Timestamp, b'"0001-01-01T00:00:00+14:00"'),
        (Timestamp, b'"9999-12-31T23:59:59-14:00"'),
    ],
    ids=lambda raw: repr(raw)[:40] if isinstance(raw, bytes) else "",
)
def test_a_value_beyond_the_contract_is_a_wrong_value(field: Any, raw: bytes) -> None:
    assert _kind(field, parse_json(raw)) == WRONG_VALUE


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        (Number, b"0", Decimal("0")),
        (Number, b"-0.0", Decimal("0")),
        (Number, b"1e12", Decimal("1000000000000")),
        (Number, b"-1e12", Decimal("-1000000000000")),
        (Number, b"1E+2", Decimal("100")),
        (Number, b"2.50", Decimal("2.5")),
        (Number, b"0.0000010", Decimal("0.000001")),
        (Number, b"999999999999.999999", Decimal("999999999999.999999")),
        (Number, b"0.1", Decimal("0.1")),
        (Fraction01, b"1.0", Decimal("1")),
        (Title, b'"  Ship it \\u00e9 "', "Ship it é"),
        (NOTE, b'""', ""),
        (NOTE, b'"a\\r\\nb\\tc"', "a\nb\tc"),
        (Id, f'"{UUID.upper()}"'.encode(), UUID),
        (Date, b'"2024-02-29"', date(2024, 2, 29)),
        (Timestamp, b'"2026-01-31T09:00:00.25+02:00"', datetime(2026, 1, 31, 7, 0, 0, 250000, UTC)),
        (Timestamp, b'"2026-01-31t09:00:00z"', datetime(2026, 1, 31, 9, tzinfo=UTC)),
    ],
)
def test_a_value_of_the_contract_becomes_canonical(field: Any, raw: bytes, value: Any) -> None:
    found = TypeAdapter(field).validate_python(parse_json(raw))
    assert found == value
    assert str(found) == str(value)


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.integers())
def test_a_number_is_refused_or_exact(value: Decimal | int) -> None:
    try:
        found = TypeAdapter(Number).validate_python(value)
    except ValidationError:
        return
    assert found == value
    assert "E" not in str(found)
    assert abs(found) <= 10**12
    assert found == round(found, 6)


@given(st.text())
def test_a_title_is_refused_or_one_visible_line(value: str) -> None:
    try:
        found = TypeAdapter(Title).validate_python(value)
    except ValidationError:
        return
    assert found.strip() == found != ""
    assert len(found.splitlines()) == 1 or found.isprintable() or {"\u2028", "\u2029"} & set(found)


def test_the_schema_says_what_is_taken() -> None:
    schema = GoalBody.model_json_schema()
    properties = schema["properties"]
    assert schema["additionalProperties"] is False
    assert properties["weight"] == {
        "title": "Weight",
        "type": "number",
        "minimum": 0,
        "maximum": 1_000_000,
        "multipleOf": 0.000001,
        "default": 1,
    }
    assert properties["owner_id"]["anyOf"][0] == {"type": "string", "format": "uuid"}
    assert properties["due"]["anyOf"][0] == {"type": "string", "format": "date"}
    assert properties["starts_at"]["anyOf"][0] == {"type": "string", "format": "date-time"}
    checker = jsonschema.Draft202012Validator(schema)
    checker.check_schema(schema)
    assert checker.is_valid({"title": "Ship it", "labels": ["a"], "description": "two\nlines"})
    for wrong in ({"title": ""}, {"title": " "}, {"title": "a\nb"}, {"title": "x", "more": 1}, {"title": 1}):
        assert not checker.is_valid(wrong)
