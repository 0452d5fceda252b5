"""Old event data into new, one pure step a version, between opening the sealed fields and the catalogue class.

Written by hand: each entry says which wire name it lifts and to which one. Nothing here is ever removed (promise 6).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from libs.events.canonical import Tree


@dataclass(frozen=True)
class Upcaster:
    """Lifts the data of one wire name to the next: `lift` takes the opened tree and returns a new one."""

    to: str
    lift: Callable[[Tree], Tree]


UPCASTERS: Mapping[str, Upcaster] = {}
