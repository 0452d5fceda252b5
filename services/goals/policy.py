"""Who may do what with goals, as data: the only place that says so for commands, queries and `allowed_actions`.

Relations are to the goal's owner (`owner`, `manager`, `manager_chain`, `peer`), to the goal (`contributor`; `author` of
the check-in or comment in question, `follower` whom an entry of its followers names; `parent_editor`, who may edit the
goal's parent) and roles (`employee`).
Attributes are `visibility`, the one that holds, and `alignment`. Whoever may not `goal.read` may do nothing to a goal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from libs.access.policy import Policy, Rule

ATTACHED = ("proposed", "accepted")
_EDITORS = ("owner", "manager_chain")

POLICY = Policy(
    "goals",
    rules=(
        Rule("goal.create", _EDITORS),
        Rule("goal.read", ("owner", "contributor", "manager")),
        Rule("goal.read", ("parent_editor",), {"alignment": ATTACHED}),
        Rule("goal.read", ("manager_chain", "peer"), {"visibility": ("team", "public")}),
        Rule("goal.read", ("employee",), {"visibility": ("public",)}),
        Rule("goal.read_words", ("owner", "contributor", "manager_chain")),
        Rule("goal.check_in", ("owner", "contributor", "manager_chain")),
        Rule("check_in.correct", ("author",)),
        Rule("goal.edit", _EDITORS),
        Rule("goal.weigh", _EDITORS, {"alignment": ("none", "proposed")}),
        Rule("goal.weigh", ("parent_editor",), {"alignment": ("accepted",)}),
        Rule("goal.agree", ("owner", "manager")),
        Rule("goal.align", ("parent_editor",), {"alignment": ATTACHED}),
        Rule("goal.detach", _EDITORS),
        Rule("goal.detach", ("parent_editor",), {"alignment": ATTACHED}),
        Rule("goal.comment", ("employee",)),
        Rule("comment.change", ("author",)),
        Rule("goal.follow", ("employee",)),
        Rule("follow.end", ("follower",)),
        Rule("support.read", ("owner", "contributor", "manager_chain")),
        Rule("support.answer", ("manager_chain",)),
    ),
    routes={
        "POST /goals": "goal.create",
        "GET /goals": "goal.read",
        "GET /goals/tree": "goal.read",
        "PUT /goals/by-ref/{system}/{external_id}": "goal.create",
        "GET /goals/{goal_id}": "goal.read",
        "PATCH /goals/{goal_id}": "goal.edit",
        "POST /goals/{goal_id}/publish": "goal.edit",
        "POST /goals/{goal_id}/agreement": "goal.agree",
        "POST /goals/{goal_id}/alignment": "goal.align",
        "POST /goals/{goal_id}/transfer": "goal.edit",
        "POST /goals/{goal_id}/move": "goal.edit",
        "POST /goals/{goal_id}/close": "goal.edit",
        "POST /goals/{goal_id}/cancel": "goal.edit",
        "POST /goals/{goal_id}/archive": "goal.edit",
        "POST /goals/{goal_id}/restore": "goal.edit",
        "POST /goals/{goal_id}/reopen": "goal.edit",
        "GET /goals/{goal_id}/check-ins": "goal.read",
        "POST /goals/{goal_id}/check-ins": "goal.check_in",
        "GET /goals/{goal_id}/check-ins/{check_in_id}": "goal.read",
        "POST /goals/{goal_id}/check-ins/{check_in_id}/correct": "check_in.correct",
        "PUT /goals/{goal_id}/check-ins/by-ref/{system}/{external_id}": "goal.check_in",
        "GET /support-requests": "support.read",
        "GET /support-requests/{request_id}": "support.read",
        "POST /support-requests/{request_id}/answer": "support.answer",
        "GET /goals/{goal_id}/comments": "goal.read",
        "POST /goals/{goal_id}/comments": "goal.comment",
        "GET /goals/{goal_id}/comments/{comment_id}": "goal.read",
        "PATCH /goals/{goal_id}/comments/{comment_id}": "comment.change",
        "DELETE /goals/{goal_id}/comments/{comment_id}": "comment.change",
        "GET /goals/{goal_id}/milestones": "goal.read",
        "POST /goals/{goal_id}/milestones": "goal.edit",
        "GET /goals/{goal_id}/milestones/{milestone_id}": "goal.read",
        "PATCH /goals/{goal_id}/milestones/{milestone_id}": "goal.edit",
        "DELETE /goals/{goal_id}/milestones/{milestone_id}": "goal.edit",
        "POST /goals/{goal_id}/milestones/{milestone_id}/reach": "goal.edit",
        "GET /goals/{goal_id}/follow": "goal.follow",
        "POST /goals/{goal_id}/follow": "goal.follow",
        "DELETE /goals/{goal_id}/follow": "goal.follow",
        "GET /goals/{goal_id}/rollup": "goal.read",
        "GET /goals/{goal_id}/impact": "goal.read",
        "GET /goals/{goal_id}/trend": "goal.read",
        "GET /goals/{goal_id}/history": "goal.read",
    },
)


@dataclass(frozen=True)
class Offer:
    """What `allowed_actions` may name: the action that has to be allowed, and where it makes sense.

    Empty alignments and agreements: any. Agreements are the goal's as the asker meets it: `proposed` and
    `agreed_without` want the asker's word, `proposed_with` and `agreed` have it. `own` are states of what is offered
    beside a goal, empty: any.
    """

    action: str
    states: tuple[str, ...]
    alignments: tuple[str, ...] = ()
    agreements: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


_ALIVE = ("draft", "open")
_ANY = ("draft", "open", "closed", "cancelled", "archived")

OFFERED: Mapping[str, Mapping[str, Offer]] = {
    "goal": {
        "check_in": Offer("goal.check_in", ("open",)),
        "edit": Offer("goal.edit", _ALIVE),
        "publish": Offer("goal.edit", ("draft",)),
        "propose": Offer("goal.edit", _ALIVE, agreements=("none", "changes_requested")),
        "agree": Offer("goal.agree", _ALIVE, agreements=("proposed", "agreed_without")),
        "request_changes": Offer("goal.agree", _ALIVE, agreements=("proposed", "proposed_with")),
        "align": Offer("goal.align", _ALIVE, alignments=("proposed",)),
        "detach": Offer("goal.detach", _ALIVE, alignments=ATTACHED),
        "weigh": Offer("goal.weigh", _ALIVE, alignments=("accepted",)),
        "add_milestone": Offer("goal.edit", _ALIVE),
        "move": Offer("goal.edit", _ALIVE),
        "transfer": Offer("goal.edit", _ALIVE),
        "close": Offer("goal.edit", ("open",)),
        "cancel": Offer("goal.edit", _ALIVE),
        "archive": Offer("goal.edit", ("draft", "open", "closed")),
        "restore": Offer("goal.edit", ("cancelled", "archived")),
        "reopen": Offer("goal.edit", ("closed",)),
        "comment": Offer("goal.comment", _ANY),
        "follow": Offer("goal.follow", _ANY),
    },
    "check_in": {"correct": Offer("check_in.correct", ("open",))},
    "milestone": {
        "change": Offer("goal.edit", _ALIVE),
        "reach": Offer("goal.edit", _ALIVE),
        "remove": Offer("goal.edit", _ALIVE),
    },
    "comment": {"change": Offer("comment.change", _ANY), "remove": Offer("comment.change", _ANY)},
    "follower": {"unfollow": Offer("follow.end", _ANY)},
    "support": {"answer": Offer("support.answer", _ANY, own=("open", "promised"))},
}
"""What `allowed_actions` of a goal, and of what belongs to one, may name; the states are the goal's."""
