"""What the kernel needs from the outside, as protocols: stores, log, keys, sealer, clock. Adapters implement them.

Every method that waits is a coroutine and never blocks the event loop. Every method that touches data takes the
tenant, so that no query can forget it. All raise `StoreUnavailable` when the store cannot answer now.
"""

from libs.events.ports.generations import Digest, Frozen, Generation, Generations, Held, holding
from libs.events.ports.keys import Clock, KeyStore, Opened, Sealer, WrappedKey
from libs.events.ports.log import EventLog, Record, Signal, TenantHead
from libs.events.ports.reads import Advance, Checkpoint, Commit, Ownership, Page, Parked, Put, Query, ReadStore, Scalar
from libs.events.ports.store import Append, Command, CommandRecord, DuplicateCommand, EventStore, StoredEvent

__all__ = [
    "Advance",
    "Append",
    "Checkpoint",
    "Clock",
    "Command",
    "CommandRecord",
    "Commit",
    "Digest",
    "DuplicateCommand",
    "EventLog",
    "EventStore",
    "Frozen",
    "Generation",
    "Generations",
    "Held",
    "KeyStore",
    "Opened",
    "Ownership",
    "Page",
    "Parked",
    "Put",
    "Query",
    "ReadStore",
    "Record",
    "Scalar",
    "Sealer",
    "Signal",
    "StoredEvent",
    "TenantHead",
    "WrappedKey",
    "holding",
]
