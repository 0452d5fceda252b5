"""What facts leave behind: the states that commands decide on, that rows keep and that old answers are made of."""

from services.goals.domain.state.beside import (
    COMMENT,
    FOLLOW,
    REFERENCE,
    SUPPORT,
    TREE_GUARD,
    Comment,
    Follow,
    Reference,
    Support,
    TreeGuard,
)
from services.goals.domain.state.folding import GOAL, GOAL_EVENTS, visibility_under
from services.goals.domain.state.goal import Agreement, Goal, Milestone

__all__ = [
    "COMMENT",
    "FOLLOW",
    "GOAL",
    "GOAL_EVENTS",
    "REFERENCE",
    "SUPPORT",
    "TREE_GUARD",
    "Agreement",
    "Comment",
    "Follow",
    "Goal",
    "Milestone",
    "Reference",
    "Support",
    "TreeGuard",
    "visibility_under",
]
