"""Bad bodies: always a 400 that says what to do, never a 500, never an echo; good ones exactly as they were sent."""

from __future__ import annotations

import json
import math
import time
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from libs.web.body import DEPTH, parse_json
from libs.web.problems import Problem

DEEP = 200_000


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"nonsense",
        b'{"a": 1',
        b"[1,]",
        b"{'a': 1}",
        b'{"a": 1} {"b": 2}',
        b"NaN",
        b"-Infinity",
        b'{"a": Infinity}',
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "\\u0062": 2}}',
        b'"\\ud800"',
        b'{"\\udc00": 1}',
        b'["ok", {"a": ["\\ud83d"]}]',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b'"a\nb"',
        b'"\x00"',
        b"01",
        b"+1",
        b".5",
        b"1e",
        b"1e9999999999999999999999",
        b"1e-9999999999999999999999",
        b"9" * 1001,
        b"0." + b"1" * 1001,
        b"9" * 900_000,
        b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1),
        b"[" * DEEP,
        b'{"a":' * DEEP,
        b"[" * DEEP + b"]" * DEEP,
        b"[" + b'"' + b'\\"' * DEEP,
        b"[" * 33 + b'"' + b'\\"' * DEEP,
        "[" * 33 + "\u00e9",
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_bad_json_is_a_400_at_once(raw: bytes | str) -> None:
    started = time.monotonic()
    with pytest.raises(Problem) as refused:
        parse_json(raw.encode() if isinstance(raw, str) else raw)
    assert (refused.value.status, refused.value.code) == (400, "malformed_json")
    assert refused.value.detail.endswith(".")
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"null", None),
        (b"[]", []),
        (b' {"a": [1, -2.50, true, "\\u00e9"]} ', {"a": [1, Decimal("-2.50"), True, "é"]}),
        (b"0.1000000000000000055511151231257827", Decimal("0.1000000000000000055511151231257827")),
        (b"1e400", Decimal("1e400")),
        (b"1E-400", Decimal("1E-400")),
        (b"9" * 1000, int("9" * 1000)),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        ('"\U0001f600 [[[[ {{{{"'.encode(), "\U0001f600 [[[[ {{{{"),
        (b"[" * DEPTH + b"]" * DEPTH, json.loads("[" * DEPTH + "]" * DEPTH)),
        (b'["' + b"[" * 100 + b'"]', ["[" * 100]),
        (b'["' + b'\\"[' * 100 + b'"]', ['"[' * 100]),
        (b"[" + b"[]," * 100 + b"[]]", [[]] * 101),
    ],
)
def test_good_json_arrives_as_it_was_sent(raw: bytes, value: object) -> None:
    found = parse_json(raw)
    assert found == value
    assert type(found) is type(value)


@given(st.binary() | st.text().map(str.encode) | st.text(alphabet='[]{}",:\\u0d8e1.-+ \n').map(str.encode))
@example(b'{"a":"\\ud800\\udc00"}')
def test_any_bytes_are_a_value_or_a_400(raw: bytes) -> None:
    with suppress(Problem):
        value = parse_json(raw)
        # What got in can be written again: no lone surrogate, no NaN.
        json.dumps(value, default=str, allow_nan=False, ensure_ascii=False).encode()


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(_VALUES, st.booleans())
def test_what_json_can_say_is_read_back(value: Any, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_keeps_every_digit(value: float) -> None:
    found = parse_json(repr(value).encode())
    assert isinstance(found, Decimal)
    assert math.isfinite(found)
    assert str(float(found)) == repr(value)


def test_a_wide_megabyte_is_read_in_time() -> None:
    raw = b"[" + b"[]," * 340_000 + b"[]]"
    started = time.process_time()
    parse_json(raw)
    # Of the processor, whatever else it does: a parser that looks back at what it has read takes minutes.
    assert time.process_time() - started < 5
