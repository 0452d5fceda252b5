"""Promise 0, the text: an event is the byte string that RFC 8785 gives its values, and nothing else is taken."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, localcontext
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from libs.events import canonical
from libs.events.canonical import Tree
from libs.events.errors import MalformedEvent


@dataclass(frozen=True)
class Codec:
    """What turns an event's data into bytes; a planted fault replaces one of the two."""

    tree_of: Callable[[msgspec.Struct], Tree] = canonical.tree_of
    encode: Callable[[Tree], bytes] = canonical.encode


REAL = Codec()


class Anything(msgspec.Struct):
    """An event's data, whatever it is."""

    body: Any


# One failing example is enough, and none is remembered: planted faults fail on purpose.
planted = settings(report_multiple_bugs=False, database=None)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
keys = st.text(st.characters(max_codepoint=127), max_size=6)
decimals = st.builds(
    lambda digits, places, negative: Decimal((int(negative), tuple(map(int, str(digits))), places)),
    st.integers(min_value=0, max_value=10**20),
    st.integers(min_value=-25, max_value=12),
    st.booleans(),
)
zones = st.integers(min_value=-14 * 60, max_value=14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=zones)  # noqa: DTZ001
leaves = st.one_of(st.none(), st.booleans(), st.integers(-(2**53) + 1, 2**53 - 1), texts, decimals, times, st.dates())
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=20,
)


def plain(value: Any) -> Any:
    """What a value is in JSON, said in another way than the code says it."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        with localcontext(prec=100):
            return "0" if value == 0 else f"{value.normalize():f}"
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        day, time = (at.year, at.month, at.day), (at.hour, at.minute, at.second, at.microsecond)
        return "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z".format(*day, *time)
    return value.isoformat() if isinstance(value, date) else value


# --- RFC 8785 ---------------------------------------------------------------------------------------------------


def check_equals_rfc8785(codec: Codec) -> None:
    """Whatever the profile allows is encoded as the reference does."""

    @planted
    @given(trees)
    @example({"b": 1, "a": [Decimal("1E+2"), Decimal("-0.00"), Decimal("1.500")], "A": '€ \u2028 \x0b \x7f " \\ / 𝄞'})
    @example({"": {"\x00": datetime(999, 1, 1, tzinfo=UTC)}, "~": {"é": 1}["é"], "a.b": date(1, 1, 1)})
    def compare(tree: Any) -> None:
        assert codec.encode(codec.tree_of(Anything(tree))) == rfc8785.dumps({"body": plain(tree)})

    compare()


def check_round_trips(codec: Codec) -> None:
    """Encoding what was decoded gives the same bytes: the byte string is a function of the event alone."""

    @planted
    @given(trees)
    def compare(tree: Any) -> None:
        body = codec.encode(codec.tree_of(Anything(tree)))
        assert codec.encode(codec.tree_of(Anything(json.loads(body)["body"]))) == body

    compare()


def check_decimals_are_plain(codec: Codec) -> None:
    """A fractional number is a string of digits, exact, the same for every spelling of the same number."""
    form = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")

    @planted
    @given(decimals)
    @example(Decimal("1E+2"))
    @example(Decimal("0E-10"))
    @example(Decimal("-0"))
    @example(Decimal("1E-20"))
    def look(number: Decimal) -> None:
        text = json.loads(codec.encode(codec.tree_of(Anything(number))))["body"]
        assert isinstance(text, str)
        assert form.fullmatch(text), text
        assert text != "-0"
        assert Decimal(text) == number

    look()


BREACHES: dict[str, Any] = {
    "a float": 1.5,
    "a whole float": 1.0,
    "NaN": float("nan"),
    "infinity": float("-inf"),
    "a decimal NaN": Decimal("NaN"),
    "a signalling NaN": Decimal("sNaN"),
    "a decimal infinity": Decimal("-Infinity"),
    "an unsafe integer": 2**53,
    "an unsafe negative integer": -(2**53),
    "a huge integer": 10**30,
    "a lone high surrogate": "\ud800",
    "a lone low surrogate": "a\udfffb",
    "a surrogate pair written as two": "\ud834\udd1e",
    "a surrogate in a key": {"\ud800": 1},
    "a key beyond ASCII": {"größe": 1},
    "a key that is no text": {1: 2},
    "a naive time": datetime(2026, 1, 1),  # noqa: DTZ001
    "a time that has no UTC": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    "another time that has no UTC": datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))),
    "something else": object(),
}
WRAPPERS: dict[str, Callable[[Any], Any]] = {
    "at the top": lambda value: value,
    "in a list": lambda value: ["a", [value]],
    "in an object": lambda value: {"a": {"b": value}},
}


def check_refuses(codec: Codec, breach: str) -> None:
    """What has no one byte string is refused, wherever it stands, and never made into something else."""
    for wrap in WRAPPERS.values():
        try:
            body = codec.encode(codec.tree_of(Anything(wrap(BREACHES[breach]))))
        except (MalformedEvent, TypeError):
            continue
        raise AssertionError(f"{breach} became {body!r}")


def test_it_equals_rfc_8785() -> None:
    check_equals_rfc8785(REAL)


def test_it_round_trips() -> None:
    check_round_trips(REAL)


def test_decimals_are_plain() -> None:
    check_decimals_are_plain(REAL)


@pytest.mark.parametrize("breach", BREACHES)
def test_it_refuses(breach: str) -> None:
    check_refuses(REAL, breach)


@pytest.mark.parametrize("number", [2**53 - 1, -(2**53) + 1, 0])
def test_the_largest_safe_integers_pass(number: int) -> None:
    assert REAL.encode(REAL.tree_of(Anything(number))) == b'{"body":%d}' % number


def test_data_is_an_object() -> None:
    class Pair(msgspec.Struct, array_like=True):
        """A struct that is no object in JSON."""

        by: int = 1

    with pytest.raises(MalformedEvent, match="an object"):
        canonical.tree_of(Pair())


# --- planted faults ---------------------------------------------------------------------------------------------


def dumps(**options: Any) -> Callable[[Tree], bytes]:
    """The standard library's encoder, set up in one of the ways in which it is not canonical."""
    right: dict[str, Any] = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False, "allow_nan": False}
    return lambda tree: json.dumps(tree, **{**right, **options}).encode("utf-8", "surrogatepass")


def lenient(decimal: Callable[[Decimal], Any] = canonical.decimal_text) -> Callable[[msgspec.Struct], Tree]:
    """A tree that takes what msgspec takes, decimals as told."""

    def tree_of(data: msgspec.Struct) -> Tree:
        tree = msgspec.to_builtins(data, builtin_types=(Decimal,), str_keys=True)
        return {name: walk(value) for name, value in tree.items()}

    def walk(value: Any) -> Any:
        if isinstance(value, Decimal):
            return decimal(value)
        if isinstance(value, dict):
            return {name: walk(item) for name, item in value.items()}
        return [walk(item) for item in value] if isinstance(value, list) else value

    return tree_of


@pytest.mark.parametrize(
    "fault",
    [
        replace(REAL, encode=msgspec.json.encode),
        replace(REAL, encode=dumps(sort_keys=False)),
        replace(REAL, encode=dumps(separators=(", ", ": "))),
        replace(REAL, encode=dumps(ensure_ascii=True)),
        replace(REAL, tree_of=lenient(str)),
        replace(REAL, tree_of=lenient(float)),
        replace(REAL, tree_of=lenient()),
    ],
    ids=["as-met", "unsorted", "spaces", "escapes", "exponents", "floats", "local-times"],
)
def test_another_encoder_is_found_out(fault: Codec) -> None:
    with pytest.raises(AssertionError):
        check_equals_rfc8785(fault)


def test_an_encoder_that_keeps_the_order_it_met_does_not_round_trip() -> None:
    class Shuffled:
        """Keys in an order that depends on what was encoded before."""

        turn = 0

        def encode(self, tree: Tree) -> bytes:
            self.turn += 1
            body = dict(sorted(tree.items()))
            return json.dumps({"body": body["body"], "turn": self.turn % 2}).encode()

    with pytest.raises(AssertionError):
        check_round_trips(replace(REAL, encode=Shuffled().encode))


@pytest.mark.parametrize("decimal", [str, float, lambda number: f"{number:f}", lambda number: f"{number:.6f}"])
def test_other_spellings_of_decimals_are_found_out(decimal: Callable[[Decimal], Any]) -> None:
    with pytest.raises(AssertionError):
        check_decimals_are_plain(replace(REAL, tree_of=lenient(decimal)))


def forgiving(data: msgspec.Struct) -> Tree:
    """Takes floats, unsafe integers, any key and naive times, as JSON libraries do."""
    return json.loads(
        json.dumps(msgspec.to_builtins(data, builtin_types=(float, Decimal, datetime), str_keys=True), default=str)
    )


@pytest.mark.parametrize("breach", sorted(set(BREACHES) - {"something else"}))
def test_a_forgiving_codec_is_found_out(breach: str) -> None:
    with pytest.raises(AssertionError):
        check_refuses(Codec(forgiving, dumps(allow_nan=True)), breach)
