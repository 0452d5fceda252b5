"""A status on one screen: tables where there is a terminal, aligned text anywhere else; the same words in both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.status.shape import Consumer, Disk, Keys, Process, Source, Status

_NONE = "-"
_UNITS = ("B", "kB", "MB", "GB", "TB")
_COLOURS = {"running": "green", "stopped": "red", "parked": "red", "waiting": "yellow", "rebuilding": "cyan"}
_KEY_FROM = {
    "setting": "CAIRN_KEY_ENCRYPTION_KEY",
    "file": "key-encryption.key",
    "missing": "missing",
    "none_yet": "none yet",
}


@dataclass(frozen=True)
class Column:
    """One column; numbers stand on the right."""

    name: str
    number: bool = False


@dataclass(frozen=True)
class Section:
    """One table."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]


def drawn(status: Status, *, verdict_first: bool = False) -> RenderableType:
    """For a terminal. `verdict_first`: where the screen ends, whatever else does not fit."""
    verdict = [Text(line, style="red" if line.startswith("!") else "") for line in _problems(status)]
    if status.well:
        verdict = [Text("All is well.", style="green")]
    parts: list[RenderableType] = [Text(line, style="bold") for line in _head(status)]
    if verdict_first:
        parts += verdict
    for section in _sections(status):
        parts += [Text(""), _table(section)]
    parts += [Text(line, style="dim") for line in ("", *_foot(status))]
    if not verdict_first:
        parts += [Text(""), *verdict]
    return Group(*parts)


def plain(status: Status) -> str:
    """For anything else: one text, without a line break at its end."""
    lines = list(_head(status))
    for section in _sections(status):
        lines += ["", section.title, *_aligned(section)]
    lines += ["", *_foot(status), ""]
    lines += ["All is well."] if status.well else list(_problems(status))
    return "\n".join(lines)


# --- the words ----------------------------------------------------------------------------------------------------


def _head(status: Status) -> Iterator[str]:
    yield f"Cairn in {status.data_dir}, {_time(status.at)}"
    yield _process(status.process) if status.disk is not None else "There is nothing yet: cairn up makes it."


def _process(process: Process | None) -> str:
    if process is None:
        return "Nobody serves it."
    if process.url is None:
        return f"Served by {process.holder}, which is not to be asked (yet)."
    return f"Served by {process.holder} at {process.url}" + ("" if process.answers else ", which does not answer")


def _sections(status: Status) -> Iterator[Section]:
    columns = (
        Column("store"),
        Column("tenants", number=True),
        Column("events", number=True),
        Column("greatest"),
        Column("last event"),
        Column("size", number=True),
        Column("id"),
    )
    rows = [
        (
            one.service,
            f"{one.tenants:,}",
            f"{one.events:,}",
            _NONE if one.greatest is None else f"{one.greatest.tenant}:{one.greatest.sequence}",
            _NONE if one.last_event_at is None else _time(one.last_event_at),
            size(one.bytes),
            # The end of it tells them apart; all of it stands in --json.
            "see below" if one.problem is not None else f"…{(one.id or '')[-8:]}",
        )
        for one in status.stores
    ]
    yield Section("Event stores", columns, rows)
    yield Section("Read models and reactions", _CONSUMER, [_consumer(one) for one in status.consumers])


_CONSUMER = (
    Column("name"),
    Column("generation"),
    Column("events", number=True),
    Column("behind", number=True),
    Column("for", number=True),
    Column("per s", number=True),
    Column("parked", number=True),
    Column("size", number=True),
    Column("state"),
)


def _consumer(one: Consumer) -> tuple[str, ...]:
    return (
        one.name,
        _generation(one),
        f"{one.position:,}",
        f"{one.lag_events:,}",
        _NONE if one.lag_seconds is None or not one.lag_events else _age(one.lag_seconds),
        _NONE if one.events_per_second is None else f"{one.events_per_second:,.0f}",
        f"{one.parked.keys:,}",
        size(one.bytes),
        _state(one),
    )


def _generation(one: Consumer) -> str:
    if one.generation is None:
        return _NONE
    found = one.generation
    outdated = ", outdated: rebuild" if found.outdated else ""
    return f"{found.number} (v{found.version}{outdated})"


def _state(one: Consumer) -> str:
    words = []
    if one.problem is not None:
        words.append("unreadable")
    if any(source.restored for source in one.sources):
        words.append("of another store")
    words.append(_worst(one.sources))
    if one.rebuilding is not None:
        words.append(f"rebuilding {one.rebuilding}")
    if one.held:
        words.append("held")
    return ", ".join(word for word in words if word)


def _worst(sources: Iterable[Source]) -> str:
    states = {source.state: source for source in sources}
    if "stopped" in states:
        return f"stopped: {(states['stopped'].reason or '').partition(':')[0]}"
    if "waiting" in states:
        return f"waiting, tried {states['waiting'].failures} times"
    return next((state.replace("_", " ") for state in ("unknown", "not_running", "running") if state in states), "")


def _foot(status: Status) -> Iterator[str]:
    yield f"Keyring: {_keys(status.keyring)}"
    if status.disk is not None:
        yield f"Disk: {_disk(status.disk)}"


def _problems(status: Status) -> Iterator[str]:
    for one in status.problems:
        yield f"! {one.what}"
        yield f"  -> {one.remedy}"


def _keys(keys: Keys) -> str:
    if keys.holders is None:
        return f"unreadable; key encryption key: {_KEY_FROM[keys.key_from]}"
    return f"{keys.holders:,} holders, {keys.tombstones:,} tombstones; key encryption key: {_KEY_FROM[keys.key_from]}"


def _disk(disk: Disk) -> str:
    parts = (("events", disk.events), ("read models", disk.read), ("keyring", disk.keys), ("other", disk.other))
    return f"{size(disk.free)} free; {size(disk.folder)} here: " + ", ".join(f"{name} {size(n)}" for name, n in parts)


def size(count: float) -> str:
    """Bytes in words: `1.4 MB`."""
    for unit in _UNITS:
        if count < 1000 or unit == _UNITS[-1]:
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%SZ")


def _age(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else str(timedelta(seconds=round(seconds)))


# --- the two looks ------------------------------------------------------------------------------------------------


def _table(section: Section) -> Table:
    # 80 columns are enough as long as numbers are small; where they are not, only the last column breaks its lines.
    table = Table(box=None, pad_edge=False, padding=(0, 1), collapse_padding=True, header_style="bold")
    for column in section.columns:
        last = column is section.columns[-1]
        table.add_column(column.name, justify="right" if column.number else "left", overflow="fold", no_wrap=not last)
    for row in section.rows:
        table.add_row(*(Text(cell, style=_colour(cell)) for cell in row))
    return table


def _colour(cell: str) -> str:
    words = cell.replace(",", " ").replace(":", " ").split()
    return next((colour for word, colour in _COLOURS.items() if word in words), "")


def _aligned(section: Section) -> Iterator[str]:
    names = [column.name for column in section.columns]
    widths = [max(map(len, cells)) for cells in zip(names, *section.rows, strict=True)]
    for row in (names, *section.rows):
        cells = [
            cell.rjust(width) if column.number else cell.ljust(width)
            for cell, width, column in zip(row, widths, section.columns, strict=True)
        ]
        yield f"  {'  '.join(cells)}".rstrip()
