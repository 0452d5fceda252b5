"""The first look at a request's body: bytes → JSON values, once and strictly, or a 400 that never quotes them.

Fractional numbers become `Decimal`, so that nothing is cut before the domain has seen it.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from typing import Any, NoReturn

from libs.web.problems import Problem

Json = dict[str, Any] | list[Any] | str | int | Decimal | bool | None

DEPTH = 32
LONGEST_NUMBER = 1000
_BOM = "\ufeff"
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in _STEP)
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_json(raw: bytes) -> Json:
    """The value of a whole body. Raises Problem 400 `malformed_json`, and nothing else whatever the bytes are.

    Refused: other encodings than UTF-8, a byte order mark, NaN and infinities, members named twice, lone surrogates,
    numbers of more than 1,000 characters, nesting deeper than 32, anything after the value.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise malformed("The body is not UTF-8. Encode it as UTF-8.") from None
    if text.startswith(_BOM):
        raise malformed("The body begins with a byte order mark. Leave it out.")
    if text.count("{") + text.count("[") > DEPTH and _depth(text) > DEPTH:
        raise malformed(f"The body is nested too deeply. Use at most {DEPTH} levels.")
    try:
        value: Json = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise malformed(
            f"The body is not JSON: something is wrong at line {error.lineno}, column {error.colno}."
        ) from None
    if "\\u" in text:
        _check_surrogates(value)
    return value


def malformed(detail: str) -> Problem:
    """A 400 `malformed_json`; `detail` is constant text of ours that says what to do."""
    return Problem(400, "malformed_json", detail)


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise malformed("An object in the body names a member twice. Name each once.")
    return found


def _fraction(text: str) -> Decimal:
    if len(text) > LONGEST_NUMBER:
        raise _long_number()
    try:
        return Decimal(text)
    except InvalidOperation:
        raise malformed("A number in the body has an exponent that nobody can compute with.") from None


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise _long_number()
    return int(text)


def _long_number() -> Problem:
    return malformed(f"A number in the body is too long. Use at most {LONGEST_NUMBER} characters.")


def _constant(_name: str) -> NoReturn:
    raise malformed("NaN and infinities are no JSON numbers. Leave the member out, or send null.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_fraction, parse_int=_integer, parse_constant=_constant, strict=True
)


def _depth(text: str) -> int:
    # Before parsing, because the parser itself recurses. Linear, whatever the text: a string without an end ends there.
    outside = _STRING.sub("", text).encode("utf-8", "replace").translate(None, _NO_BRACKETS)
    return max(accumulate(map(_STEP.__getitem__, outside)), default=0)


def _check_surrogates(value: Json) -> None:
    # Only escapes can make them: UTF-8 itself has none.
    waiting: list[Any] = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            if _SURROGATE.search(node):
                raise malformed("A string in the body holds half of a surrogate pair. Send whole characters.")
        elif isinstance(node, dict):
            waiting.extend(node.keys())
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
