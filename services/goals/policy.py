"""Who may do what with goals, as data: the only place that says so for commands, queries and `allowed_actions`."""

from __future__ import annotations

from libs.access.policy import Policy, Rule

POLICY = Policy(
    "goals",
    rules=(
        Rule("goal.create", ("owner", "manager_chain")),
        Rule("goal.read", ("owner", "contributor", "manager")),
        Rule("goal.read", ("manager_chain", "peer"), {"visibility": ("team", "public")}),
        Rule("goal.read", ("employee",), {"visibility": ("public",)}),
        Rule("goal.check_in", ("owner", "contributor", "manager_chain")),
        Rule("goal.read_words", ("owner", "contributor", "manager", "manager_chain")),
    ),
    routes={
        "POST /goals": "goal.create",
        "GET /goals/{goal_id}": "goal.read",
        "POST /goals/{goal_id}/check-ins": "goal.check_in",
        "GET /goals/{goal_id}/check-ins": "goal.read",
        "GET /goals/{goal_id}/check-ins/{check_in_id}": "goal.read",
    },
)

OFFERED = {"check_in": "goal.check_in"}
"""What `allowed_actions` of a goal may name, and the action behind it."""
