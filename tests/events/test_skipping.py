"""Saying that an event is skipped: an event like any other, sealed where it is personal, refused where it is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from libs.events.parking import UNFINISHED
from libs.events.ports import Parked
from libs.events.skipping import SKIPS, NothingToSkip, skip
from tests.events import toy
from tests.events.getting_past import skip_the_parked
from tests.events.test_promise_5_poison_parks import IN_THE_FOLD, UNLUCKY
from tests.events.test_promise_5_skip import get_past, story
from tests.events.world import Place


async def test_a_skip_is_said_with_its_reason(tmp_path: Path) -> None:
    """An event like any other: who, why, which; the reason is sealed as its author's text."""
    async with Place(tmp_path).but(projections=IN_THE_FOLD).open() as world:
        await world.count("c-1", UNLUCKY)
        await world.drain()
        await skip_the_parked(world, reason="  A test that went astray. ")
        [_, stored] = await world.envelopes()
        assert (stored.subject, stored.actor) == ("acme/skips/counters", "operator")
        assert str(stored.data["reason"]).startswith("cairn1.")
        [fact] = await world.kernel.facts("acme/skips/counters", limit=5)
        assert fact.data == toy.EventSkipped(
            projection="counters",
            sequence=1,
            key="acme/counter/c-1",
            author_id="operator",
            reason="A test that went astray.",
        )


async def test_what_cannot_be_skipped_is_refused(tmp_path: Path) -> None:
    """Nothing is stored without a reason, where no event failed, or in another service's log."""
    async with Place(tmp_path).open() as world:
        parked = Parked("counters", "toys.events", "acme", "acme/counter/c-1", 1, "ZeroDivisionError")
        with pytest.raises(ValueError, match="reason"):
            await skip(world.kernel, parked, "operator", "  ")
        with pytest.raises(ValueError, match=r"toys\.events"):
            await skip(world.kernels["tags"], parked, "operator", "Why not.")
        with pytest.raises(NothingToSkip, match="replay it"):
            await skip(world.kernel, replace(parked, error=UNFINISHED), "operator", "Why not.")
        assert await world.history() == []


async def test_every_skip_of_a_projection_is_in_one_stream(tmp_path: Path) -> None:
    async with Place(tmp_path).but(projections=IN_THE_FOLD).open() as world:
        await story(world)
        await get_past(world)
        assert (await world.kernel.load(SKIPS, "acme/skips/counters")).version == 2
