"""The doctor on read models: files that are none, rows of another store or version, what is parked or has stopped."""

from __future__ import annotations

from collections.abc import Iterator

from libs.events.adapters.sqlite.folder import READS
from libs.events.adapters.sqlite.read_connection import REMEDY
from libs.events.adapters.sqlite.read_inspect import examine
from libs.web.settings import ServiceSettings
from services.cli.doctor.finding import Finding, found
from services.cli.status.gather import Watch
from services.cli.status.problems import of_appends, of_consumers, of_process, of_restored


def models(settings: ServiceSettings, *, deep: bool, whole: bool) -> Iterator[Finding]:
    """What `cairn status` would tell, and whether each file of the read store is one.

    `whole`: all event stores are; where one is damaged, that it is not as it was is no news.
    """
    folder, wrong = settings.data_dir, list(_files(settings, deep=deep))
    if wrong:
        yield from wrong
        return
    seen = Watch(settings).look()
    told = [*of_process(seen.process), *of_appends(seen.stores), *of_consumers(folder, seen.consumers)]
    if whole:
        told += of_restored(folder, seen.consumers)
    behind = sum(one.lag_events for one in seen.consumers)
    yield from found(told, f"read models: {len(seen.consumers)}, all together {behind:,} events behind")


def _files(settings: ServiceSettings, *, deep: bool) -> Iterator[Finding]:
    for path in sorted((settings.data_dir / READS).glob("*.db")):
        fault = examine(path, whole=deep)
        if fault is not None:
            remedy = f"move {path} away: cairn makes its own" if "another program" in fault else REMEDY
            yield Finding(False, f"read store: {path.name} {fault}", remedy)
