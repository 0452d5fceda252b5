"""The recorder cases that the `eventsourcing` package ships, on the embedded event store's recorder (promise 9)."""

from __future__ import annotations

import unittest
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent

# As a module: the package's own classes are no tests of this file.
from eventsourcing.tests import persistence as cases

from libs.events.adapters.sqlite.recorder import Datastore, GroupRecorder


class WithoutIds(GroupRecorder):
    """The recorder as an aggregate recorder, which tells no notification ids."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        """See the package's interface."""
        super().insert_events(stored_events, **kwargs)


class OnFile(unittest.TestCase):
    """A recorder on a real file; `kind` is what is tried."""

    kind: type[GroupRecorder] = GroupRecorder
    ids: Literal["text", "uuid"] = "text"

    def setUp(self) -> None:
        """A folder of its own."""
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "events.db"

    def create_recorder(self) -> GroupRecorder:
        """See the package's cases."""
        # Closed by its finalizer: a case returns while threads of its own still read.
        recorder = self.kind(Datastore(str(self.path), originator_id_type=self.ids))
        recorder.create_table()
        return recorder

    def new_originator_id(self) -> UUID | str:
        """See the package's cases."""
        return f"acme/stone/{uuid4()}" if self.ids == "text" else uuid4()


class TestAggregateRecorder(OnFile, cases.AggregateRecorderTestCase):
    """With text ids, as the event store has them."""

    kind = WithoutIds


class TestApplicationRecorder(OnFile, cases.ApplicationRecorderTestCase[GroupRecorder]):
    """With text ids, as the event store has them."""


class TestNotificationIds(OnFile, cases.NonInterleavingNotificationIDsBaseCase):
    """With text ids, as the event store has them."""


class TestAggregateRecorderWithUuids(OnFile, cases.AggregateRecorderTestCase):
    """As the package has them."""

    kind = WithoutIds
    ids = "uuid"


class TestApplicationRecorderWithUuids(OnFile, cases.ApplicationRecorderTestCase[GroupRecorder]):
    """As the package has them."""

    ids = "uuid"


class Overwrites(GroupRecorder):
    """Planted: who comes late replaces what is there."""

    def __init__(self, datastore: Datastore) -> None:
        super().__init__(datastore)
        self.insert_events_statement = self.insert_events_statement.replace("INSERT", "INSERT OR REPLACE")


class OneByOne(GroupRecorder):
    """Planted: a transaction for every event, so that what belongs together comes apart."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """See the package's interface."""
        return [number for event in stored_events for number in super(OneByOne, self).insert_events([event]) or ()]


def test_the_application_case_notices_a_planted_fault() -> None:
    class Planted(OnFile, cases.ApplicationRecorderTestCase[GroupRecorder]):
        kind = Overwrites

    assert _failed(Planted("test_insert_select"))


def test_the_notification_case_notices_a_planted_fault() -> None:
    class Planted(OnFile, cases.NonInterleavingNotificationIDsBaseCase):
        kind = OneByOne
        insert_num = 200

    assert _failed(Planted("test"))


def _failed(case: unittest.TestCase) -> bool:
    result = unittest.TestResult()
    case.run(result)
    return bool(result.failures) and not result.errors
