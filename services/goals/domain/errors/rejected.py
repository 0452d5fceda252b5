"""Errors for what a goal or a check-in may not be."""

from __future__ import annotations

from libs.events.errors import Rejected


class UnknownPerson(Rejected):
    """An owner or contributor that the tenant does not have."""

    code = "unknown_person"
    detail = "One of the people named does not work here. Use the id of an active person from GET /people."


class UnknownUnit(Rejected):
    """A unit that the tenant does not have."""

    code = "unknown_unit"
    detail = "unit_id names no unit. Use an id from GET /units."


class UnknownParent(Rejected):
    """A parent that is not there, or that the asker may not know of."""

    code = "unknown_parent"
    detail = "parent_id names no goal that you may see. Use an id from GET /goals."


class UnknownCheckIn(Rejected):
    """A check-in that the goal does not have."""

    code = "unknown_check_in"
    detail = "check_in_id names no check-in of this goal. Use an id from GET /goals/{id}/check-ins."


class CannotBeCleared(Rejected):
    """Null for a field that there must be."""

    code = "cannot_be_cleared"
    detail = "One of the fields cannot be null. Give it a value, or leave it out to keep what it is."


class SmartGoalIncomplete(Rejected):
    """A smart goal must be measurable and timely."""

    code = "smart_goal_incomplete"
    detail = "A smart goal needs a metric and a period. Add both, or choose the kind objective."


class MetricIncomplete(Rejected):
    """A metric that does not say from where to where, or in what."""

    code = "metric_incomplete"
    detail = "A metric needs start, target and unit. Give all three, or send metric: null to have none."


class MetricWithoutSpan(Rejected):
    """Start equals target, so no way leads from one to the other."""

    code = "metric_without_span"
    detail = "The metric's start equals its target. Give them different values."


class DriverWithoutMetric(Rejected):
    """The goal should follow a metric that it does not have."""

    code = "driver_without_metric"
    detail = "progress_driver is metric, but the goal has none. Add a metric, or choose another driver."


class PeriodIncomplete(Rejected):
    """A period with one end."""

    code = "period_incomplete"
    detail = "A period needs start and end. Give both, or send period: null to have none."


class PeriodEndsBeforeItBegins(Rejected):
    """The last day lies before the first."""

    code = "period_ends_before_it_begins"
    detail = "The period's end lies before its start. Swap or correct the dates."


class WellbeingHasNoParent(Rejected):
    """What somebody does for their own wellbeing counts in nobody's numbers."""

    code = "wellbeing_has_no_parent"
    detail = "A wellbeing goal stands by itself. Leave out parent_id, or choose another focus."


class ParentIsKeyResult(Rejected):
    """Key results are leaves."""

    code = "parent_is_key_result"
    detail = "Nothing hangs under a key result. Choose the objective above it as the parent."


class VisibilityOfParent(Rejected):
    """A key result is seen by those who see what it is a result of."""

    code = "visibility_of_parent"
    detail = "A key result under a parent has the parent's visibility. Leave visibility out, or change the parent's."


class ReferenceIncomplete(Rejected):
    """An outside record that cannot be found again."""

    code = "external_ref_incomplete"
    detail = "An external_ref needs system and id. Give both, or send external_ref: null to have none."


class NotByReference(Rejected):
    """A field that only a route of its own changes."""

    code = "not_by_reference"
    detail = "The goal exists, and one of the fields is changed by a route of its own."


class TooManyMilestones(Rejected):
    """A plan in a goal's clothes."""

    code = "too_many_milestones"
    detail = "A goal has at most 100 milestones. Remove one, or make goals of some."


class ValueWithoutMetric(Rejected):
    """A measured value for a goal that measures nothing."""

    code = "value_without_metric"
    detail = "This goal has no metric, so a check-in cannot carry a value. Send progress between 0 and 1."


class ProgressWithMetric(Rejected):
    """An estimated progress for a goal that is measured."""

    code = "progress_with_metric"
    detail = "This goal has a metric, so its progress is computed. Send the measured value."


class ObservedInFuture(Rejected):
    """A check-in about a day that has not come."""

    code = "observed_in_future"
    detail = "observed_on lies in the future (UTC). Use today or an earlier day."


class NothingCorrected(Rejected):
    """A correction that says nothing."""

    code = "nothing_corrected"
    detail = "A correction names at least one field of the check-in. Send what it should have said."
