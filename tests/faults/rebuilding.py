"""What `cairn rebuild --all` does on a folder that nobody serves: every model folded anew, and the new rows serve."""

from __future__ import annotations

from pathlib import Path

from libs.events.rebuild import Rebuild, Report
from libs.web.embedded import Embedded
from libs.web.service import consumer_of
from libs.web.settings import ServiceSettings
from services.goals import wiring as goals
from services.people import wiring as people


async def rebuild_all(data: Path) -> list[Report]:
    """How each model's rebuild ended."""
    parts = Embedded(ServiceSettings(data_dir=data))
    try:
        await parts.open_keyring()
        log, reports = parts.folder.event_log(people.SERVICE, goals.SERVICE), []
        for service in (people.wire(parts), goals.wire(parts)):
            read = service.reading
            for model in read.models:
                rebuild = Rebuild(model, read.reads, log, parts.reader, consumer_of, alone=True)  # type: ignore[arg-type]
                reports.append(await rebuild.run(lambda *_: None))
        return reports
    finally:
        await parts.close()
