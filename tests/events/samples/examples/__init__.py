"""What the samples say: one example of every event, every field of it filled. Written before its sample is made."""

from collections.abc import Mapping

from libs.events.registry import Event
from tests.events.samples.examples.defining import DEFINING
from tests.events.samples.examples.ids import ADA
from tests.events.samples.examples.living import LIVING
from tests.events.samples.examples.people import PEOPLE

EXAMPLES: Mapping[str, Event] = {**PEOPLE, **DEFINING, **LIVING}

__all__ = ["ADA", "EXAMPLES"]
