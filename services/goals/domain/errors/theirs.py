"""Errors for what only others may."""

from __future__ import annotations

from libs.events.errors import Forbidden


class AgreementIsTheirs(Forbidden):
    """Only who is bound by an agreement gives or withholds it."""

    detail = "Only the owner and the owner's direct manager agree to a goal or ask for changes. You may propose it."


class WeightIsTheParents(Forbidden):
    """How much a goal counts in its parent is for those who answer for the parent."""

    detail = "What this goal counts in its parent is decided by those who may edit the parent. Ask one of them."


class UnitIsTheirs(Forbidden):
    """Nobody puts goals before a unit that neither they nor the goal's owner have to do with."""

    detail = "Only who belongs to this unit or leads it, and those above them, give it goals. Choose another unit_id."


class NotYourCheckIn(Forbidden):
    """Nobody puts words into another's mouth."""

    detail = "Only its author corrects a check-in. Record a check-in of your own instead."


class NotYourComment(Forbidden):
    """Nobody puts words into another's mouth, or takes them out."""

    detail = "Only its author changes or removes a comment."
