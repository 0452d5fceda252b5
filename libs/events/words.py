"""Which words a read row is found by: shared by who writes rows, who asks for them, and who judges what was found."""

from __future__ import annotations

import re
import unicodedata

ALPHABET = unicodedata.unidata_version
"""The Unicode version behind `words_of`: when it changes, stored words are made anew."""

_WORD = re.compile(r"\w+")


def words_of(text: str) -> frozenset[str]:
    """The whole words of a text, case-folded and NFC-normalised; the same for `Straße` and `STRASSE`. Pure."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return frozenset(_WORD.findall(unicodedata.normalize("NFC", folded)))
