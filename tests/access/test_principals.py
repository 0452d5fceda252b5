"""Principals: only names that can be, and one key each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.access.principals import Principal, valid_tenant


@pytest.mark.parametrize("name", ["", "-", "-a", "A", "a_b", "a.b", "a/b", "a b", "a\n", "é", "٣", "a" * 64, "\ud800"])
def test_names_that_no_tenant_has(name: str) -> None:
    assert not valid_tenant(name)
    with pytest.raises(ValueError, match="tenant"):
        Principal(name, "idp", "p-1")


@pytest.mark.parametrize("name", ["a", "7", "acme", "a-", "a--b", "0-9", "a" * 63])
def test_names_that_a_tenant_may_have(name: str) -> None:
    assert valid_tenant(name)
    assert Principal(name, "idp", "p-1").tenant == name


@pytest.mark.parametrize("text", ["", "a\0", "a\n", "\ud800", "x" * 256])
def test_names_that_no_identity_has(text: str) -> None:
    with pytest.raises(ValueError, match="issuer"):
        Principal("acme", text, "p-1")
    with pytest.raises(ValueError, match="subject"):
        Principal("acme", "idp", text)


def test_the_key_is_the_same_for_ever() -> None:
    assert Principal("acme", "cairn-development", "p-1").key == "acme:17:cairn-development:p-1"


NAMES = st.text("a:1", min_size=1, max_size=6)


@given(NAMES, NAMES, NAMES, NAMES)
def test_two_principals_never_share_a_key(issuer: str, subject: str, other_issuer: str, other_subject: str) -> None:
    one, other = Principal("acme", issuer, subject), Principal("acme", other_issuer, other_subject)
    assert (one.key == other.key) == (one == other)
    assert one.key != Principal("beta", issuer, subject).key
