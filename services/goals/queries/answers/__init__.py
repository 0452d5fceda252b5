"""What goals are answered with: the shapes of the public contract, ready to be encoded."""

from services.goals.queries.answers.beside import (
    CommentAnswer,
    FollowerAnswer,
    MilestoneAnswer,
    SupportAnswer,
)
from services.goals.queries.answers.check_in import (
    CheckInAnswer,
    CorrectionAnswer,
    SaidAnswer,
    SourceAnswer,
)
from services.goals.queries.answers.goal import (
    AgreementAnswer,
    ChangeAnswer,
    GoalAnswer,
    HintAnswer,
    HistoryAnswer,
    MetricAnswer,
)
from services.goals.queries.answers.tree import (
    AncestorAnswer,
    CauseAnswer,
    ImpactAnswer,
    NodeAnswer,
    RestrictedNodeAnswer,
    ShownNode,
    TreeAnswer,
    TrendAnswer,
    TrendPointAnswer,
    counted,
    erased_title,
)

ANSWERS = (
    GoalAnswer,
    CheckInAnswer,
    NodeAnswer,
    RestrictedNodeAnswer,
    TreeAnswer,
    ImpactAnswer,
    TrendAnswer,
    HistoryAnswer,
    MilestoneAnswer,
    CommentAnswer,
    FollowerAnswer,
    SupportAnswer,
)
"""The shapes that this service answers with."""

__all__ = [
    "ANSWERS",
    "AgreementAnswer",
    "AncestorAnswer",
    "CauseAnswer",
    "ChangeAnswer",
    "CheckInAnswer",
    "CommentAnswer",
    "CorrectionAnswer",
    "FollowerAnswer",
    "GoalAnswer",
    "HintAnswer",
    "HistoryAnswer",
    "ImpactAnswer",
    "MetricAnswer",
    "MilestoneAnswer",
    "NodeAnswer",
    "RestrictedNodeAnswer",
    "SaidAnswer",
    "ShownNode",
    "SourceAnswer",
    "SupportAnswer",
    "TreeAnswer",
    "TrendAnswer",
    "TrendPointAnswer",
    "counted",
    "erased_title",
]
