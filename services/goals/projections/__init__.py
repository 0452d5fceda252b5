"""Facts → rows of goals, pure: each goal for itself, the tree that they make together, and what is said about them."""

from libs.access.members import replica
from services.goals.projections.rows import GOAL_ROWS
from services.goals.projections.talk import TALK
from services.goals.projections.tree import TREE

MEMBERS = replica("goals")

__all__ = ["GOAL_ROWS", "MEMBERS", "TALK", "TREE"]
