"""What `cairn doctor` and `cairn status` both judge a data folder by."""

LEAST_FREE = 256 * 1024 * 1024
"""Bytes of the disk: with fewer, soon every write is refused."""
CUT_SHORT = "a restore was cut short: nothing starts on this folder, which may be half of two"
"""What the mark of an unfinished restore says."""
