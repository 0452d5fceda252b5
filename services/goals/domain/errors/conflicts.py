"""Errors for what the state of things does not allow."""

from __future__ import annotations

from libs.events.errors import Conflict


class GoalIsDraft(Conflict):
    """Nobody works on a draft yet."""

    code = "goal_draft"
    detail = "This goal is a draft. Publish it first with POST /goals/{id}/publish."


class GoalIsClosed(Conflict):
    """A closed goal stays as it ended."""

    code = "goal_closed"
    detail = "This goal is closed. Reopen it first with POST /goals/{id}/reopen."


class GoalIsCancelled(Conflict):
    """A goal that was given up takes nothing but being restored."""

    code = "goal_cancelled"
    detail = "This goal is cancelled. Restore it first with POST /goals/{id}/restore."


class GoalIsArchived(Conflict):
    """A goal that was put away takes nothing but being restored."""

    code = "goal_archived"
    detail = "This goal is archived. Restore it first with POST /goals/{id}/restore."


class GoalCycle(Conflict):
    """A goal would hang under itself."""

    code = "goal_cycle"
    detail = "The new parent is this goal or hangs below it. Choose a parent outside of it."


class NothingProposed(Conflict):
    """Nobody has asked to agree on this goal."""

    code = "nothing_proposed"
    detail = "Nothing waits for an agreement. Somebody who may edit the goal proposes it first."


class NoAlignmentProposed(Conflict):
    """The goal does not ask to count anywhere."""

    code = "no_alignment_proposed"
    detail = "This goal proposes to count in no parent. Move it under one with POST /goals/{id}/move."


class AlignmentStands(Conflict):
    """What was accepted is not declined any more."""

    code = "alignment_accepted"
    detail = "The goal counts in its parent already. Use the action detach to take it out."


class SupportIsAnswered(Conflict):
    """A request for support that was given or declined is over."""

    code = "support_answered"
    detail = "This request was answered for good. A new check-in can ask for support again."


class ReferenceTaken(Conflict):
    """An outside record that something else stands for."""

    code = "reference_taken"
    detail = (
        "Something else stands for this record already. Change that with PUT …/by-ref, or use another external_ref."
    )
