"""What follows from a command, given the state: the facts, or the rule that it breaks."""

from services.goals.domain.decide.agreeing import Part, agree
from services.goals.domain.decide.checking_in import (
    answer_support,
    correct_check_in,
    record_check_in,
    request_support,
)
from services.goals.domain.decide.defining import create_goal, transfer_goal, visibility_of
from services.goals.domain.decide.hanging import Attaches, align, change_tree, move_goal
from services.goals.domain.decide.living import (
    archive_goal,
    cancel_goal,
    close_goal,
    judges_progress,
    publish_goal,
    reopen_goal,
    restore_goal,
)
from services.goals.domain.decide.merging import change_goal, refuse_by_reference
from services.goals.domain.decide.milestones import (
    add_milestone,
    change_milestone,
    reach_milestone,
    remove_milestone,
)
from services.goals.domain.decide.talking import (
    add_comment,
    change_comment,
    claim_reference,
    follow_goal,
    release_reference,
    remove_comment,
    unfollow_goal,
)

__all__ = [
    "Attaches",
    "Part",
    "add_comment",
    "add_milestone",
    "agree",
    "align",
    "answer_support",
    "archive_goal",
    "cancel_goal",
    "change_comment",
    "change_goal",
    "change_milestone",
    "change_tree",
    "claim_reference",
    "close_goal",
    "correct_check_in",
    "create_goal",
    "follow_goal",
    "judges_progress",
    "move_goal",
    "publish_goal",
    "reach_milestone",
    "record_check_in",
    "refuse_by_reference",
    "release_reference",
    "remove_comment",
    "remove_milestone",
    "reopen_goal",
    "request_support",
    "restore_goal",
    "transfer_goal",
    "unfollow_goal",
    "visibility_of",
]
