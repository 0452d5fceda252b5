"""How owner and manager come to agree on a goal: proposed by who edits it, agreed to by both."""

from __future__ import annotations

from typing import Literal

from libs.events.catalog.goals import AgreementGiven, AgreementProposed, ChangesRequested
from services.goals.domain.commands import Agree
from services.goals.domain.decide.states import refuse_unless
from services.goals.domain.errors import AgreementIsTheirs, NothingProposed
from services.goals.domain.state import Goal

Part = Literal["owner", "manager", "editor"]
"""Whose word it is: the owner's, that of the owner's direct manager, or of somebody else who edits the goal."""


def agree(
    goal: Goal, command: Agree, author_id: str, *, part: Part, has_manager: bool
) -> tuple[AgreementProposed | AgreementGiven | ChangesRequested, ...]:
    """One step towards an agreement; `has_manager`: the owner has one, who agrees too.

    To propose is to agree, for owner and manager. Raises the state's conflict, AgreementIsTheirs, NothingProposed.
    """
    refuse_unless(goal, "draft", "open")
    agreement, note = goal.agreement, command.note
    if command.action != "propose" and part == "editor":
        raise AgreementIsTheirs
    owner = part == "owner" or agreement.owner_at is not None
    manager = part == "manager" or agreement.manager_at is not None or not has_manager
    complete = owner and manager
    if command.action == "propose" and agreement.state in ("none", "changes_requested"):
        return (AgreementProposed(author_id=author_id, part=part, complete=complete, note=note),)
    if command.action == "request_changes":
        if agreement.state != "proposed":
            raise NothingProposed
        return (ChangesRequested(author_id=author_id, part=part, note=note),)
    if agreement.state in ("none", "changes_requested"):
        raise NothingProposed
    if part == "editor":
        return ()
    # Each agrees once to what stands proposed, and to propose it again says no more than that; but whose manager has
    # left since completes it alone.
    said = (agreement.owner_at if part == "owner" else agreement.manager_at) is not None
    if said and (agreement.state == "agreed" or not complete):
        return ()
    return (AgreementGiven(author_id=author_id, part=part, complete=complete, note=note),)
