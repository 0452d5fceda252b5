"""Errors for what is not there, or not for the asker to know of."""

from __future__ import annotations

from libs.events.errors import NotFound


class GoalNotFound(NotFound):
    """There is no such goal, or the asker may not know of it."""

    code = "goal_not_found"
    detail = "There is no goal with this id that you may see. Check the id, or ask its owner to share it."


class CheckInNotFound(NotFound):
    """The goal has no such check-in."""

    code = "check_in_not_found"
    detail = "This goal has no check-in with this id. List them with GET /goals/{id}/check-ins."


class SupportRequestNotFound(NotFound):
    """There is no such request for support, or the asker may not know of it."""

    code = "support_request_not_found"
    detail = "There is no request for support with this id. List them with GET /support-requests."


class CommentNotFound(NotFound):
    """There is no such comment any more, or the asker may not know of it."""

    code = "comment_not_found"
    detail = "There is no comment with this id. List them with GET /goals/{id}/comments."


class MilestoneNotFound(NotFound):
    """The goal has no such milestone."""

    code = "milestone_not_found"
    detail = "This goal has no milestone with this id. List them with GET /goals/{id}/milestones."
