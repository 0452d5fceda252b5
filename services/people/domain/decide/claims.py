"""What only one may have, an address or an outside record: claimed and released on streams of their own."""

from __future__ import annotations

from collections.abc import Sequence

from libs.events.catalog.people import EmailClaimed, EmailReleased, ReferenceClaimed, ReferenceReleased
from services.people.domain.errors import EmailTaken, ReferenceTaken
from services.people.domain.state import Claim


def claim_email(claim: Claim, person_id: str) -> Sequence[EmailClaimed]:
    """The address is now this person's. Raises EmailTaken."""
    if claim.holder is not None:
        raise EmailTaken
    return (EmailClaimed(person_id=person_id),)


def release_email(claim: Claim, person_id: str) -> Sequence[EmailReleased]:
    """The address is nobody's any more; nothing when it was not this person's."""
    return (EmailReleased(person_id=person_id),) if claim.holder == person_id else ()


def claim_reference(claim: Claim, target_id: str) -> Sequence[ReferenceClaimed]:
    """The outside record is now this person's or unit's. Raises ReferenceTaken."""
    if claim.holder is not None:
        raise ReferenceTaken
    return (ReferenceClaimed(target_id=target_id),)


def release_reference(claim: Claim, target_id: str) -> Sequence[ReferenceReleased]:
    """The outside record is nobody's any more; nothing when it was not this one's."""
    return (ReferenceReleased(target_id=target_id),) if claim.holder == target_id else ()
