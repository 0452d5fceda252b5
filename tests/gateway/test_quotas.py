"""A quota admits so many requests in any second, refuses the rest, and says how long to wait."""

from __future__ import annotations

import time

import pytest
from limits.aio.storage import MemoryStorage
from pydantic import ValidationError

from services.gateway.quotas import Quotas, WindowStorage
from services.gateway.settings import GatewaySettings


class Clock:
    """Seconds that only a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


async def test_a_principal_past_its_quota_is_refused_and_its_tenant_not_charged() -> None:
    clock = Clock()
    quotas = Quotas(2, 3, clock)
    assert [(await quotas.admit("p", "acme")).violated for _ in range(4)] == [(), (), ("principal",), ("principal",)]
    refused = await quotas.admit("p", "acme")
    assert refused.retry_after == 1
    assert dict(refused.headers) == {
        b"ratelimit-policy": b'"principal";q=2;w=1, "tenant";q=3;w=1',
        b"ratelimit": b'"principal";r=0;t=1, "tenant";r=1;t=1',
    }
    assert (await quotas.admit("another", "acme")).violated == ()


async def test_a_tenant_past_its_quota_is_refused_and_others_are_not() -> None:
    quotas = Quotas(2, 3, Clock())
    for principal in ("a", "a", "b"):
        assert not (await quotas.admit(principal, "acme")).violated
    refused = await quotas.admit("b", "acme")
    assert refused.violated == ("tenant",)
    assert dict(refused.headers)[b"ratelimit"] == b'"principal";r=0;t=1, "tenant";r=0;t=1'
    assert (await quotas.admit("b", "globex")).violated == ("principal",)
    assert (await quotas.admit("c", "globex")).violated == ()


async def test_any_second_counts_not_only_whole_ones() -> None:
    clock = Clock()
    quotas = Quotas(2, 0, clock)
    for moment, admitted in (
        (0.0, True),
        (0.9, True),
        (0.99, False),
        (1.0, True),
        (1.5, False),
        (1.9, True),
        (9, True),
    ):
        clock.seconds = 1000.0 + moment
        assert (not (await quotas.admit("p", "acme")).violated) is admitted, moment


async def test_being_refused_uses_nothing_up() -> None:
    clock = Clock()
    quotas = Quotas(1, 0, clock)
    await quotas.admit("p", "acme")
    for _ in range(50):
        assert (await quotas.admit("p", "acme")).violated
    clock.seconds += 1
    assert not (await quotas.admit("p", "acme")).violated


async def test_zero_is_no_quota_and_no_header() -> None:
    assert (await Quotas(0, 0).admit("p", "acme")).headers == ()
    only_tenant = await Quotas(0, 5, Clock()).admit("p", "acme")
    assert dict(only_tenant.headers)[b"ratelimit"] == b'"tenant";r=4;t=1'


async def test_a_principal_and_a_tenant_of_one_name_are_counted_apart() -> None:
    quotas = Quotas(1, 1, Clock())
    assert not (await quotas.admit("same", "same")).violated


async def test_idle_keys_are_swept_out() -> None:
    clock = Clock()
    storage = WindowStorage(clock)
    for number in range(5000):
        clock.seconds += 0.01
        assert await storage.acquire_entry(f"k{number}", 1, 1)
    held = sum([await storage.get(f"k{number}") for number in range(5000)])
    assert held < 2100
    assert await storage.get("k4999") == 1


async def test_the_storage_answers_as_the_librarys_own(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    ours, theirs = WindowStorage(clock), MemoryStorage()
    for step in range(60):
        clock.seconds += (0.0, 0.3, 0.45)[step % 3]
        limit = 3
        hits = [await storage.acquire_entry("k", limit, 1) for storage in (ours, theirs)]
        counts = [(await storage.get_moving_window("k", limit, 1))[1] for storage in (ours, theirs)]
        assert hits[0] == hits[1], step
        assert counts[0] == min(counts[1], limit), step


def test_the_quotas_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert GatewaySettings() == GatewaySettings(quota_principal=100, quota_tenant=1000)
    monkeypatch.setenv("CAIRN_QUOTA_PRINCIPAL", "7")
    monkeypatch.setenv("CAIRN_QUOTA_TENANT", "0")
    assert GatewaySettings() == GatewaySettings(quota_principal=7, quota_tenant=0)
    monkeypatch.setenv("CAIRN_QUOTA_TENANT", "-1")
    with pytest.raises(ValidationError, match="quota_tenant"):
        GatewaySettings()
