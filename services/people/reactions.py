"""What follows by itself from an erasure that two administrators want: the key is destroyed, then all is seen through.

Two reactions, so that an erasure that waits for a service which stands still keeps no other key from being destroyed.
"""

from __future__ import annotations

from collections.abc import Sequence

from libs.events.catalog.people import ErasureConfirmed, PersonErased
from libs.events.declare import Reaction
from libs.events.envelope import Fact
from services.people.domain.commands import CompleteErasure, DestroyKey


def when_erasure_confirmed(fact: Fact[ErasureConfirmed]) -> Sequence[DestroyKey]:
    """The key goes."""
    return (DestroyKey(person_id=fact.data.person_id, erasure_id=fact.data.erasure_id),)


def when_person_erased(fact: Fact[PersonErased]) -> Sequence[CompleteErasure]:
    """Every service drops their words; once they all have, it is done."""
    data = fact.data
    return (CompleteErasure(person_id=data.person_id, erasure_id=data.erasure_id, position=fact.sequence),)


DESTROYING = Reaction(
    name="people.destroying",
    version=1,
    topics=("people.events",),
    when={ErasureConfirmed: when_erasure_confirmed},
)
COMPLETING = Reaction(
    name="people.completing",
    version=1,
    topics=("people.events",),
    when={PersonErased: when_person_erased},
)
