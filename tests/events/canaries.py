"""Planted texts, and the search for them in any form in which they could have got into a file."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote


def forms(text: str) -> set[bytes]:
    """A text's bytes in the encodings, cases and escapes in which programs write texts down."""
    found: set[bytes] = set()
    for spelled in {text, text.casefold(), text.upper()}:
        found |= {spelled.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")}
        found |= {spelled.encode("latin-1", "xmlcharrefreplace"), json.dumps(spelled)[1:-1].encode()}
        found |= {quote(spelled).encode(), quote(spelled, safe="").encode(), repr(spelled)[1:-1].encode()}
        utf8 = spelled.encode()
        found |= {utf8.hex().encode(), utf8.hex().upper().encode()}
        found |= {part for before in range(3) for part in _base64(b"\0" * before + utf8, before)}
    return found


def _base64(raw: bytes, before: int) -> set[bytes]:
    """The part of a base64 text that is the same whatever stands around the text: it may begin at any of three bits."""
    start, end = (before * 8 + 5) // 6, len(raw) * 8 // 6
    return {base64.b64encode(raw)[start:end], base64.urlsafe_b64encode(raw)[start:end]}


def files_under(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, write-ahead logs and shared memory among them."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def found_in(folder: Path, planted: Mapping[str, str]) -> set[str]:
    """The names of those planted texts that stand in some file below the folder, in some form."""
    contents = files_under(folder).values()
    return {name for name, text in planted.items() if any(_occurs(forms(text), content) for content in contents)}


def _occurs(wanted: Iterable[bytes], content: bytes) -> bool:
    return any(form in content for form in wanted)
