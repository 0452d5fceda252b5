"""The rules of erasing somebody: who may want it, what it does, and that there is no way back."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from libs.events import canonical
from libs.events.catalog.people import (
    CleanModel,
    ErasureCompleted,
    ErasureConfirmed,
    ErasureRequested,
    PersonDeactivated,
    PersonErased,
    SealedEvents,
)
from libs.events.errors import Forbidden, HolderErased
from services.people.domain import decide
from services.people.domain.commands import ConfirmErasure, GrantRole, PlanAbsence, RequestErasure
from services.people.domain.errors import AnotherMustConfirm, ErasureAskedMeanwhile, ErasureNotFound, PersonNotFound
from services.people.domain.state import Person
from tests.people.scenes import ADA, NOBODY, TODAY, changing

WHY = "She asked for it."
REQUESTED = ErasureRequested(person_id="ada", erasure_id="e1", author_id="tester", reason=WHY)
CONFIRMED = ErasureConfirmed(person_id="ada", erasure_id="e1", author_id="kim")
LEFT = PersonDeactivated(person_id="ada")
ERASED = PersonErased(person_id="ada", erasure_id="e1", key_digest=hashlib.sha256(b"key").hexdigest())
SEALED, CLEAN = [SealedEvents(service="people", events=2)], [CleanModel(model="m", topic="t", position=7)]
COMPLETED = ErasureCompleted(person_id="ada", erasure_id="e1", sealed=SEALED, models=CLEAN, digest="0" * 64)
ASKED = ADA.given(REQUESTED)
AGREED = ASKED.given(LEFT, CONFIRMED)
KIM = Person(id="kim", version=2, roles=["admin"])


def asking(erasure_id: str = "e1", by: str = "tester") -> Any:
    """The decider of a request to erase Ada."""
    return lambda person: decide.request_erasure(person, RequestErasure(person_id="ada", reason=WHY), erasure_id, by)


def confirming(by: Person = KIM, erasure_id: str = "e1") -> Any:
    """The decider of a confirmation."""
    return lambda person: decide.confirm_erasure(person, ConfirmErasure(erasure_id=erasure_id), by)


def completing() -> Any:
    """The decider of the end."""
    return lambda person: decide.complete_erasure(person, "acme", "e1", SEALED, CLEAN)


# --- what is refused --------------------------------------------------------------------------------------------


def test_nobody_is_erased_who_is_not_there() -> None:
    NOBODY.when(asking()).then_refused(PersonNotFound)
    ADA.when(confirming()).then_refused(ErasureNotFound)
    ASKED.when(confirming(erasure_id="e2")).then_refused(ErasureNotFound)
    ADA.when(lambda person: decide.state_erased(person, "e1", "key")).then_refused(ErasureNotFound)
    ADA.when(completing()).then_refused(ErasureNotFound)


@pytest.mark.parametrize(
    ("by", "rule"),
    [
        (Person(id="tester", version=1, roles=["admin"]), AnotherMustConfirm),
        (Person(id="ada", version=1, roles=["admin"]), AnotherMustConfirm),
        (Person(id="kim", version=1, roles=["hr_partner"]), Forbidden),
        (Person(id="kim", version=1, roles=["admin"], state="deactivated"), Forbidden),
        (Person(), Forbidden),
    ],
    ids=["who asked", "who is meant", "no administrator", "gone", "nobody"],
)
def test_only_another_administrator_who_is_there_confirms(by: Person, rule: Any) -> None:
    ASKED.when(confirming(by)).then_refused(rule)


def test_who_asked_at_the_same_time_is_told_so() -> None:
    ASKED.when(asking("e2")).then_refused(ErasureAskedMeanwhile)


@pytest.mark.parametrize("scene", [AGREED, AGREED.given(ERASED), AGREED.given(ERASED, COMPLETED)])
def test_once_it_is_confirmed_nothing_more_is_said_of_them(scene: Any) -> None:
    absence = PlanAbsence(person_id="ada", first_day=TODAY, last_day=TODAY)
    for refused in (
        changing(display_name="Ada"),
        changing(roles=["admin"]),
        changing(),
        decide.reactivate,
        lambda person: decide.grant_role(person, GrantRole(person_id="ada", role="admin")),
        lambda person: decide.plan_absence(person, absence, "a1"),
    ):
        scene.when(refused).then_refused(HolderErased)


# --- what follows -----------------------------------------------------------------------------------------------


def test_asking_is_a_fact_and_asking_again_is_none() -> None:
    ADA.when(asking()).then(REQUESTED)
    ASKED.when(asking()).then()
    AGREED.when(asking()).then()


def test_confirming_lets_them_go_for_good() -> None:
    ASKED.when(confirming()).then(LEFT, CONFIRMED)
    ASKED.given(LEFT).when(confirming()).then(CONFIRMED)
    AGREED.when(confirming()).then()
    AGREED.when(confirming(Person(id="tester", version=1, roles=["admin"]))).then()
    AGREED.when(lambda person: decide.deactivate(person, "kim")).then()


def test_what_is_carried_out_is_stated_once() -> None:
    AGREED.when(lambda person: decide.state_erased(person, "e1", "key")).then(ERASED)
    AGREED.when(lambda person: decide.state_erased(person, "e1", None)).then(
        PersonErased(person_id="ada", erasure_id="e1", key_digest=None)
    )
    AGREED.given(ERASED).when(lambda person: decide.state_erased(person, "e1", "key")).then()
    AGREED.given(ERASED, COMPLETED).when(completing()).then()


def test_what_a_restore_took_back_is_stated_again_and_once() -> None:
    def again(person: Person) -> Any:
        return decide.erase_again(person, "e9", "key")

    anew = PersonErased(person_id="ada", erasure_id="e9", key_digest=ERASED.key_digest)
    NOBODY.when(again).then()
    ADA.when(again).then(LEFT, anew)
    ADA.given(LEFT).when(again).then(anew)
    ASKED.when(again).then(LEFT, ERASED)
    # What follows from a confirmation is on its way.
    for scene in (ADA.given(LEFT, anew), ASKED.given(LEFT, ERASED), AGREED, AGREED.given(ERASED)):
        assert scene.state is not None
        assert scene.state.gone
        scene.when(again).then()
        scene.when(confirming(erasure_id=scene.state.erasure.id)).then()  # type: ignore[union-attr]
        scene.when(decide.reactivate).then_refused(HolderErased)


def test_the_digest_covers_all_that_the_receipt_says() -> None:
    erased = AGREED.given(ERASED)
    [completed] = erased.when(completing()).outcome  # type: ignore[misc,union-attr]
    assert erased.state is not None
    assert erased.state.erasure is not None
    receipt = decide.receipt_of("ada", "acme", erased.state.erasure, SEALED, CLEAN)
    assert completed.digest == hashlib.sha256(canonical.encode(receipt)).hexdigest()
    assert None not in receipt.values()
