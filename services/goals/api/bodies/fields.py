"""The fields that bodies of goals share: texts by length."""

from __future__ import annotations

from typing import Annotated

from libs.web.fields import text, words

Words = Annotated[str, text(10_000)]
"""Text of several lines; may be empty."""
Said = Annotated[str, words(10_000)]
"""Text of several lines that says something."""
Reason = Annotated[str, words(2_000)]
"""Why somebody does what cannot be done silently."""
