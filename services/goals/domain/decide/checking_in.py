"""How a goal is seen to stand: check-ins, corrections beside them, requests for support and their answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from libs.events.catalog.goals import (
    CheckInCorrected,
    CheckInRecorded,
    CheckInRef,
    Source,
    SupportAnswered,
    SupportRequested,
)
from services.goals.domain.commands import AnswerSupport, CorrectCheckIn, RecordCheckIn
from services.goals.domain.decide.states import refuse_unless
from services.goals.domain.errors import (
    CannotBeCleared,
    NothingCorrected,
    NotYourCheckIn,
    ObservedInFuture,
    ProgressWithMetric,
    SupportIsAnswered,
    SupportRequestNotFound,
    ValueWithoutMetric,
)
from services.goals.domain.state import Goal, Support


def record_check_in(
    goal: Goal, command: RecordCheckIn, check_in_id: str, author_id: str, today: date
) -> tuple[CheckInRecorded]:
    """One more observation of an open goal; `today` is the UTC date. Raises one of the rules in `errors`."""
    refuse_unless(goal, "open")
    _refuse_wrong_number(goal, command.value, command.progress)
    observed_on = command.observed_on or today
    if observed_on > today:
        raise ObservedInFuture
    reference = command.external_ref
    fact = CheckInRecorded(
        check_in_id=check_in_id,
        author_id=author_id,
        status=command.status,
        observed_on=observed_on,
        value=command.value,
        progress=command.progress,
        confidence=command.confidence,
        note=command.note,
        adjustments=command.adjustments,
        support_needed=command.support_needed,
        blockers=command.blockers,
        source=_source(command.source),
        external_ref=None
        if reference is None
        else CheckInRef(system=reference.system, id=reference.id, url=reference.url),
    )
    return (fact,)


def correct_check_in(
    goal: Goal, recorded: CheckInRecorded, version: int, command: CorrectCheckIn, author_id: str, today: date
) -> tuple[CheckInCorrected]:
    """What its author says a check-in should have said; `version` of the goal's stream `recorded` it.

    Raises the state's conflict, NotYourCheckIn, NothingCorrected, CannotBeCleared, or a rule of check-ins.
    """
    refuse_unless(goal, "open")
    if author_id != recorded.author_id:
        raise NotYourCheckIn
    said: Mapping[str, Any] = command.changes
    if not said:
        raise NothingCorrected
    for name in ("status", "observed_on"):
        if name in said and said[name] is None:
            raise CannotBeCleared(f"{name} cannot be null. Give it a value, or leave it out to keep what was recorded.")
    _refuse_wrong_number(goal, said.get("value"), said.get("progress"))
    if said.get("observed_on", today) > today:
        raise ObservedInFuture
    given = {name: value for name, value in said.items() if value is not None}
    if "source" in given:
        given["source"] = _source(given["source"])
    fact = CheckInCorrected(
        check_in_id=recorded.check_in_id,
        recorded_version=version,
        author_id=author_id,
        reason=command.reason,
        cleared=[name for name, value in said.items() if value is None],
        **given,
    )
    return (fact,)


def request_support(
    support: Support, *, goal_id: str, check_in_id: str, author_id: str, text: str | None
) -> tuple[SupportRequested, ...]:
    """The request that a check-in opens with its `support_needed`, or a correction that first says it; else nothing."""
    if not (text and text.strip()) or support.version > 0:
        return ()
    return (SupportRequested(goal_id=goal_id, check_in_id=check_in_id, author_id=author_id, text=text),)


def answer_support(support: Support, command: AnswerSupport, author_id: str) -> tuple[SupportAnswered, ...]:
    """What becomes of a request. A promise may be answered again, what was given or declined is over.

    Raises SupportRequestNotFound, SupportIsAnswered.
    """
    if support.version == 0:
        raise SupportRequestNotFound
    if (support.state, support.answer) == (command.state, command.answer):
        return ()
    if support.state in ("given", "declined"):
        raise SupportIsAnswered
    return (SupportAnswered(state=command.state, author_id=author_id, answer=command.answer),)


def _refuse_wrong_number(goal: Goal, value: Any, progress: Any) -> None:
    if value is not None and goal.metric is None:
        raise ValueWithoutMetric
    if progress is not None and goal.metric is not None:
        raise ProgressWithMetric


def _source(source: tuple[str, str | None] | None) -> Source | None:
    return Source(system=source[0], url=source[1]) if source is not None else None
