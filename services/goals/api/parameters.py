"""The parameters in the addresses of goals: filters of lists, levels of the tree, days of a trend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import Query
from pydantic import TypeAdapter, ValidationError

from libs.web.fields import Date, Field, Ids, line, one_of, wrong_value
from libs.web.levels import levels
from libs.web.problems import FieldError, Problem
from libs.web.sorting import SORT_TEXT, UpdatedSince
from libs.web.validation import parameter_problem
from services.goals.queries import Search
from services.goals.queries.search import Sort

DEEPEST = 20
_DAY: TypeAdapter[date] = TypeAdapter(Date)
_DAY_FORM = "[0-9]{4}-[0-9]{2}-[0-9]{2}"


def _read_period(value: Any) -> tuple[date, date]:
    if isinstance(value, tuple):
        return value
    # FastAPI gathers a parameter that becomes several values in a list, even when it was given once.
    [text] = value if isinstance(value, list) and len(value) == 1 else [value]
    start, slash, end = text.partition("/") if isinstance(text, str) else ("", "", "")
    try:
        period = _DAY.validate_python(start), _DAY.validate_python(end)
    except ValidationError:
        raise wrong_value("Use a first and a last day, like 2026-01-01/2026-03-31.") from None
    if not slash or period[1] < period[0]:
        raise wrong_value("The last day comes before the first. Swap them.")
    return period


def _read_flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise wrong_value("Use true or false.")


_PERIOD = (
    ("type", "string"),
    ("pattern", f"^{_DAY_FORM}/{_DAY_FORM}$"),
    ("description", "A first and a last day, like `2026-01-01/2026-03-31`."),
)
Period = Annotated[tuple[date, date], Field(_read_period, _PERIOD)]
"""Two days, `2026-01-01/2026-03-31`; what overlaps them is found."""
Levels = Annotated[int, levels(0, DEEPEST)]
"""How many levels below the root."""
Flag = Annotated[bool, Field(_read_flag, (("type", "boolean"),), bool)]
"""`true` or `false`."""
States = Annotated[tuple[str, ...], one_of("draft", "open", "closed", "cancelled", "archived")]
Statuses = Annotated[tuple[str, ...], one_of("not_started", "on_track", "delayed", "off_track", "done")]
Kinds = Annotated[tuple[str, ...], one_of("objective", "key_result", "smart")]
Focuses = Annotated[tuple[str, ...], one_of("business", "development", "wellbeing")]
SupportStates = Annotated[tuple[str, ...], one_of("open", "promised", "given", "declined")]

_SORTED = (
    "Left out: by `due` with `due_before`, by the last check-in with `stale`, by `updated_at` with `updated_since`, "
    "else by `created_at`."
)


async def filters(
    owner_id: Annotated[Ids | None, Query(description="Goals of these owners.")] = None,
    unit_id: Annotated[Ids | None, Query(description="Goals that belong to these units.")] = None,
    manager_id: Annotated[Ids | None, Query(description="Goals of people whom these lead directly.")] = None,
    contributor_id: Annotated[Ids | None, Query(description="Goals that these people contribute to.")] = None,
    parent_id: Annotated[Ids | None, Query(description="Goals right under these goals.")] = None,
    state: Annotated[States | None, Query(description="Archived goals are found only when asked for.")] = None,
    status: Annotated[Statuses | None, Query(description="How they stand; closed goals are done.")] = None,
    kind: Annotated[Kinds | None, Query(description="What kind of goal they are.")] = None,
    focus: Annotated[Focuses | None, Query(description="What they are for.")] = None,
    label: Annotated[Annotated[str, line(60)] | None, Query(description="A whole label, in any case.")] = None,
    period: Annotated[Period | None, Query(description="Goals whose period overlaps these days.")] = None,
    due_before: Annotated[Date | None, Query(description="Goals whose period ends before that day.")] = None,
    q: Annotated[Annotated[str, line(200)] | None, Query(description="Whole words of the title, in any case.")] = None,
    stale: Annotated[Flag | None, Query(description="Whether nobody has checked in for too long.")] = None,
    updated_since: UpdatedSince = None,
    sort: Annotated[Sort | None, Query(description=f"{SORT_TEXT} {_SORTED}")] = None,
) -> Search:
    """What a list of goals is asked for: `search: Annotated[Search, Depends(filters)]`."""
    return Search(
        owner_id=owner_id or (),
        unit_id=unit_id or (),
        manager_id=manager_id or (),
        contributor_id=contributor_id or (),
        parent_id=parent_id or (),
        state=state or (),
        status=status or (),
        kind=kind or (),
        focus=focus or (),
        label=(label,) if label is not None else (),
        period=period,
        due_before=due_before,
        q=q,
        stale=stale,
        updated_since=updated_since,
        sort=sort,
    )


@dataclass(frozen=True)
class Days:
    """The first and last day of what is asked for, both included; None: from the beginning, to the end."""

    first: date | None
    last: date | None


async def days(
    first: Annotated[Date | None, Query(alias="from", description="The first day.")] = None,
    last: Annotated[Date | None, Query(alias="to", description="The last day.")] = None,
) -> Days:
    """Days in order: `asked: Annotated[Days, Depends(days)]`. Raises Problem for a last day before the first."""
    if first is not None and last is not None and last < first:
        raise parameter_problem([FieldError("to", "The last day comes before the first. Swap them.")])
    return Days(first, last)


def refuse_future(as_of: date | None, today: date, name: str = "as_of") -> None:
    """Raises Problem 422 `as_of_in_future` for a day after `today`, the UTC date; `name` is the parameter's."""
    if as_of is not None and as_of > today:
        wrong = FieldError(name, "Use today or an earlier day (UTC).")
        raise Problem(422, "as_of_in_future", "Nobody knows yet how it will stand on that day.", errors=[wrong])
