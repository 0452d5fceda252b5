"""The rules of goals by name: what a decider raises when a command breaks one."""

from __future__ import annotations

from libs.events.errors import NotFound, Rejected


class GoalNotFound(NotFound):
    """There is no such goal, or the asker may not know of it."""

    code = "goal_not_found"
    detail = "There is no goal with this id that you may see. Check the id, or ask its owner to share it."


class CheckInNotFound(NotFound):
    """The goal has no such check-in."""

    code = "check_in_not_found"
    detail = "This goal has no check-in with this id. List them with GET /goals/{id}/check-ins."


class UnknownPerson(Rejected):
    """An owner or contributor that the tenant does not have."""

    code = "unknown_person"
    detail = "One of the people named does not work here. Use the id of an active person from GET /people."


class SmartGoalIncomplete(Rejected):
    """A smart goal must be measurable and timely."""

    code = "smart_goal_incomplete"
    detail = "A smart goal needs a metric and a period. Add both, or choose the kind objective."


class MetricWithoutSpan(Rejected):
    """Start equals target, so no way leads from one to the other."""

    code = "metric_without_span"
    detail = "The metric's start equals its target. Give them different values."


class DriverWithoutMetric(Rejected):
    """The goal should follow a metric that it does not have."""

    code = "driver_without_metric"
    detail = "progress_driver is metric, but the goal has none. Add a metric, or choose another driver."


class PeriodEndsBeforeItBegins(Rejected):
    """The last day lies before the first."""

    code = "period_ends_before_it_begins"
    detail = "The period's end lies before its start. Swap or correct the dates."


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
