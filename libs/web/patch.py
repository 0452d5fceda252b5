"""Bodies of PATCH requests (RFC 7386): an absent field keeps, null clears, objects merge."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from libs.web.fields import Model, wrong_value

T = TypeVar("T")

ABSENT: Any = None
"""The default of a patch's field; whether it was sent is what `changes` asks, never the value."""


class Patch(Model):
    """What to change. Every field defaults to `ABSENT`; one that cannot be cleared is a `Kept`."""

    def changes(self) -> dict[str, Any]:
        """The fields that were sent, nested patches as mappings, lists as tuples; None clears."""
        return {name: _plain(getattr(self, name)) for name in type(self).model_fields if name in self.model_fields_set}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Nothing happens to a field that is left out, so none has a default."""
        found = super().__get_pydantic_json_schema__(core, handler)
        for field in handler.resolve_ref_schema(found).get("properties", {}).values():
            field.pop("default", None)
        return found


def _plain(value: Any) -> Any:
    if isinstance(value, Patch):
        return value.changes()
    return tuple(value) if isinstance(value, list) else value


def _never_null(value: Any) -> Any:
    if value is None:
        raise wrong_value("This cannot be cleared. Leave it out to keep it.")
    return value


Kept = Annotated[T, BeforeValidator(_never_null)]
"""A field that may be changed but not cleared: `title: Kept[Title] = ABSENT`."""
