"""A correction in words: from what counted until then, whether that was recorded or said by the one before."""

from __future__ import annotations

from decimal import Decimal

from libs.events.catalog.goals import CheckInCorrected
from services.goals.domain.words import ERASED
from tests.goals.facts import checked_in, created
from tests.goals.test_words import SEEN, told


def test_a_correction_is_told_from_what_was_recorded() -> None:
    fact = CheckInCorrected(
        check_in_id="c-1", recorded_version=2, author_id="ada", reason="x", status="delayed", cleared=["value", "note"]
    )
    history = (created(), SEEN, fact)
    assert told(*history, recorded=SEEN) == (
        "corrected a check-in",
        [("status", "off_track", "delayed"), ("value", Decimal(45), None)],
    )
    assert told(*history)[1] == [("status", None, "delayed"), ("value", None, None)]
    assert told(*history, recorded=SEEN, words=True)[1] == [
        ("status", "off_track", "delayed"),
        ("value", Decimal(45), None),
        ("note", "So.", None),
        ("reason", None, "x"),
    ]


def test_a_second_correction_is_told_from_what_counted_until_then() -> None:
    about = {"check_in_id": "c-1", "recorded_version": 2, "author_id": "ada", "reason": "x"}
    seen = checked_in(progress=Decimal("0.1"), note="So.")
    first = CheckInCorrected(**about, progress=Decimal("0.2"), cleared=["note"])
    second = CheckInCorrected(**about, status="delayed")
    history = (created(), seen, first, second)
    assert told(*history, recorded=seen, stood=first)[1] == [
        ("status", "on_track", "delayed"),
        ("progress", Decimal("0.2"), Decimal("0.1")),
    ]
    assert told(*history, recorded=seen, stood=first, words=True)[1][2:] == [
        ("note", None, "So."),
        ("reason", None, "x"),
    ]
    # What it said and nobody can read any more is not what was recorded.
    unreadable = CheckInCorrected(**about)
    assert told(created(), seen, unreadable, recorded=seen, words=True, erased=("note", "reason"))[1] == [
        ("note", "So.", ERASED),
        ("reason", None, ERASED),
    ]
    # It says the same once more: then nothing changes.
    assert told(*history, second, recorded=seen, stood=second)[1] == []
