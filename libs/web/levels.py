"""The parameter that says how many levels down a tree a client wants to see."""

from __future__ import annotations

from typing import Any

from libs.web.fields import Field, wrong_value


def levels(least: int, most: int) -> Field:
    """A whole number of levels from `least` to `most`, as it stands in an address: `Annotated[int, levels(0, 20)]`."""

    def read(value: Any) -> int:
        if isinstance(value, int):
            # The declared default.
            return value
        plain = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(most))
        if not plain or not least <= int(value) <= most:
            raise wrong_value(f"Use a whole number from {least} to {most}.")
        return int(value)

    return Field(read, (("type", "integer"), ("minimum", least), ("maximum", most)), int)
