"""What a command says of a check-in, it says by the stream: a row that is wrong hides nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from libs.events.catalog.goals import CheckInRecorded
from services.goals.domain.errors import CheckInNotFound
from services.goals.handlers.finding import Finding
from services.goals.handlers.references import References
from services.goals.read_models import CHECK_INS
from tests.access.organisation import TENANT, TODAY
from tests.goals.queries.company import Company, company, created


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path) as found:
        found.people.add("ana")
        await found.people.fold()
        yield found


async def name(tenant: str, kind: str, system: str, id: str) -> str:
    return f"{kind}.{system}.{id}"


async def test_a_row_of_another_goal_sends_to_the_stream(here: Company) -> None:
    said = CheckInRecorded(check_in_id="c-1", author_id="ana", status="on_track", observed_on=TODAY)
    await here.state("g1", created("ana"), said)
    await here.state("g2", created("ana"))
    await here.fold()
    row: Any = await here.queries.row(TENANT, CHECK_INS, "c-1")
    await here.people.put(CHECK_INS, msgspec.structs.replace(row, goal_id="g2"), "c-1")
    positions = here.people.directory.positions
    finding = Finding(here.kernel, here.rights, here.people.reads, positions, References(here.kernel, name))
    assert (await finding.recorded(TENANT, "g1", "c-1")).data == said
    with pytest.raises(CheckInNotFound):
        await finding.recorded(TENANT, "g2", "c-1")
