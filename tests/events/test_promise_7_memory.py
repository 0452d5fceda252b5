"""Promise 7: what memory still knows of a destroyed key is gone within a minute, keys and folded states together."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from libs.events.reader import Unread
from libs.events.testing import SteppingClock
from tests.events.test_promise_7_destroyed_keys import AFTER, keeps_states, write
from tests.events.world import Place


async def check_a_late_fold_prolongs_nothing(place: Place) -> None:
    """A state folded with a key that was about to be forgotten tells the text no longer than a minute either."""
    clock = SteppingClock()
    async with place.open(clock) as here, place.open(clock) as there:
        await write(here)
        await there.reader.facts([Unread(one.body, one.sequence) for one in await there.history()])
        await here.keyring.destroy("acme", "ann")
        clock.move(timedelta(seconds=29))
        await there.state("c-1")
        clock.move(timedelta(seconds=31))
        assert (await there.state("c-1")).notes == AFTER[0]


async def test_a_late_fold_prolongs_nothing(tmp_path: Path) -> None:
    await check_a_late_fold_prolongs_nothing(Place(tmp_path))


async def test_states_that_are_kept_are_found_out(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        await check_a_late_fold_prolongs_nothing(Place(tmp_path).but(kernel=keeps_states))
