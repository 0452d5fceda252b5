"""Where goals of demonstration tenants come from: a company's quarter told by name, and trees of any size."""

from services.goals.seeding.forest import ROUNDS, Forest, check_ins, endings, goals
from services.goals.seeding.material import PLANS, WAITING
from services.goals.seeding.quarter import quarter

__all__ = ["PLANS", "ROUNDS", "WAITING", "Forest", "check_ins", "endings", "goals", "quarter"]
