"""The read store's contract: subclass it, supply `make` and `again`, and every read store is held to the same."""

from __future__ import annotations

from tests.contracts.read_store_commit import CommitChecks
from tests.contracts.read_store_computed import ComputedChecks
from tests.contracts.read_store_find import FindChecks
from tests.contracts.read_store_latest import LatestChecks
from tests.contracts.read_store_many import ManyChecks
from tests.contracts.read_store_prepare import PrepareChecks


class ReadStoreContract(CommitChecks, FindChecks, ManyChecks, LatestChecks, ComputedChecks, PrepareChecks):
    """Everything that projections and queries rely on, whatever the database."""
