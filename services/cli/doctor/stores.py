"""The doctor on event stores: whole, not of tomorrow, and of no newer version than this program."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from libs.events.adapters.sqlite.inspect import inspect, look, names
from libs.events.adapters.sqlite.lost import lost_stores
from libs.events.clock import SystemClock
from libs.events.envelope import topic_of
from libs.events.errors import StoreUnavailable
from libs.events.registry import REGISTRY
from services.cli.doctor.finding import Finding
from services.cli.judging import of_store

NEWEST = 100_000
"""Events whose names are looked at, the newest; a tenth of a second."""
TOLERATED = timedelta(seconds=5)
_TIME = "%Y-%m-%d %H:%M:%SZ"


def lost(folder: Path) -> Mapping[str, Finding]:
    """By service, event stores that are gone or empty."""
    gone = {one.service: of_store(folder, one.service, one.what) for one in lost_stores(folder)}
    return {service: Finding(False, one.what, one.remedy) for service, one in gone.items()}


def event_store(folder: Path, path: Path) -> Finding:
    """Whether the file is whole; reads all of it."""
    try:
        summary = inspect(path)
    except StoreUnavailable as error:
        wrong = of_store(folder, path.stem, error.reason)
    else:
        what = f"{summary.events} events of {summary.tenants} tenants"
        if summary.sound:
            return Finding(True, f"event store {path.stem}: {what}")
        wrong = of_store(folder, path.stem, f"{what}, damaged")
    return Finding(False, wrong.what, wrong.remedy)


def clock(path: Path) -> Finding:
    """Whether this machine's clock has reached the last event: times never go back, so new events would bear that."""
    last, now = look(path).last_at, SystemClock().now()
    if last is None or last <= now + TOLERATED:
        return Finding(True, f"clock: after the last event of {path.stem}")
    return Finding(
        False,
        f"clock: it is {now:{_TIME}} here, and the last event of {path.stem} is of {last:{_TIME}}",
        "set this machine's clock (NTP) before cairn runs: until then every new event is stored with that time",
    )


def versions(path: Path, *, deep: bool) -> Finding:
    """Whether this program knows all that is stored: what it does not know stops every consumer (promise 6)."""
    known = set(REGISTRY)
    found = names(path, None if deep else NEWEST)
    unknown = {name: count for name, count in found.items() if name not in known}
    looked = f"{sum(found.values()):,} events"
    if not unknown:
        return Finding(True, f"versions: this one knows the {'' if deep else 'newest '}{looked} of {path.stem}")
    what = ", ".join(f"{name} ({count:,} events)" for name, count in sorted(unknown.items()))
    return Finding(
        False,
        f"versions: {path.stem} holds what this one does not know: {what}",
        f"install the version of cairn that wrote it, or a newer one: until then all that reads {topic_of(path.stem)} "
        "stops before the first of them, and nothing is lost",
    )
