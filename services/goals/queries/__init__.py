"""Rows and streams of goals → answers: what the asker may see of them, in the shapes of the public contract."""

from __future__ import annotations

from dataclasses import dataclass

from services.goals.queries.answers import (
    ANSWERS,
    CheckInAnswer,
    CommentAnswer,
    FollowerAnswer,
    GoalAnswer,
    HistoryAnswer,
    ImpactAnswer,
    MilestoneAnswer,
    NodeAnswer,
    RestrictedNodeAnswer,
    SupportAnswer,
    TreeAnswer,
    TrendAnswer,
)
from services.goals.queries.beside import CommentReads, FollowerReads, MilestoneReads
from services.goals.queries.check_ins import CheckInReads
from services.goals.queries.forest import TreeTooLarge
from services.goals.queries.history import HistoryReads
from services.goals.queries.lists import GoalLists
from services.goals.queries.moving import MovingReads
from services.goals.queries.search import Search, SupportSearch
from services.goals.queries.support import SupportReads
from services.goals.queries.tree import TreeReads

__all__ = [
    "ANSWERS",
    "CheckInAnswer",
    "CommentAnswer",
    "FollowerAnswer",
    "GoalAnswer",
    "GoalQueries",
    "HistoryAnswer",
    "ImpactAnswer",
    "MilestoneAnswer",
    "NodeAnswer",
    "RestrictedNodeAnswer",
    "Search",
    "SupportAnswer",
    "SupportSearch",
    "TreeAnswer",
    "TreeTooLarge",
    "TrendAnswer",
]


@dataclass(frozen=True)
class GoalQueries(
    GoalLists,
    CheckInReads,
    TreeReads,
    MovingReads,
    HistoryReads,
    MilestoneReads,
    CommentReads,
    FollowerReads,
    SupportReads,
):
    """All reads of goals. What the asker may not see raises GoalNotFound, as what does not exist does."""
