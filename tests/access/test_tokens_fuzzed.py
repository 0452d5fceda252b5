"""Whatever arrives as a token ends in a principal or in InvalidToken with a code: never in another error."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.access.test_tokens import GOOD, b64, forged, outcome, refusal

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


@given(st.text() | st.binary() | TREES)
def test_anything_at_all_is_refused_with_a_code(token: Any) -> None:
    refusal(token)


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=5))
def test_any_parts_are_refused_with_a_code(parts: list[bytes]) -> None:
    refusal(".".join(b64(part) for part in parts))


@given(st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "b64", "jwk", "x"]), TREES))
def test_any_header_ends_in_a_principal_or_a_code(header: dict[str, Any]) -> None:
    for head in (header, {**header, "alg": "EdDSA"}):
        assert outcome(forged(GOOD, head or {"alg": "x"})) in ("acme", "token_malformed", "token_invalid")


@given(st.dictionaries(st.sampled_from([*GOOD, "nbf", "identity_issuer"]), TREES))
def test_any_signed_claims_end_in_a_principal_or_a_code(changed: dict[str, Any]) -> None:
    token = forged({**GOOD, **changed})
    assert outcome(token) in ("token_invalid", "token_expired", json.loads(json.dumps({**GOOD, **changed}))["tenant"])


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_any_changed_character_is_refused(place: int, change: int) -> None:
    token = forged(GOOD)
    at = place % len(token)
    changed = chr(ord(token[at]) ^ change)
    refusal(token[:at] + changed + token[at + 1 :])
