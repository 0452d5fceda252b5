"""The rows of goals: what projections write and queries read."""

from __future__ import annotations

from libs.events.declare import Collection
from services.goals.domain.state import Goal

GOALS = Collection("goals", Goal)
"""A row a goal: its folded state, found by id."""
