"""Which fields of an event are somebody's personal text, so that they are sealed before the event leaves memory.

Pure: the paths are read off the catalogue's classes once, at import. The cipher is `libs/privacy`.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from libs.events.errors import MalformedEvent


@dataclass(frozen=True)
class Personal:
    """Marks a field `Annotated[str | None, Personal("owner_id")]` as the text of the holder named by a sibling field.

    The name is looked for beside the field, then in the objects around it. Several names mean: the first of them that
    is not null, so `Personal("unit_id", "owner_id")` is a unit's text where there is a unit. On a list of strings each
    element is sealed. The text must allow null, because an erased field reads as null for ever.
    """

    holders: tuple[str, ...]

    def __init__(self, *holders: str) -> None:
        if not holders:
            raise ValueError("Personal needs the name of the sibling field that says whose text it is")
        object.__setattr__(self, "holders", holders)


@dataclass(frozen=True)
class PersonalPath:
    """Where personal text stands in an event's data: steps from the root, `*` for every element of a list."""

    steps: tuple[str, ...]
    holders: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """One value found under a personal path: the object or list that holds it, its key there, its path, its holder."""

    container: Any
    field: str | int
    path: str
    holder: str | None


@cache
def personal_paths(shape: type[msgspec.Struct]) -> tuple[PersonalPath, ...]:
    """The personal paths of a catalogue class, nested structs and lists of structs included, in field order.

    Raises ValueError for a mark that could not be honoured: where nothing looks for it, on text that may not be null,
    or naming a holder that is no field.
    """
    return tuple(_walk(shape, (), frozenset()))


def places(tree: dict[str, Any], paths: tuple[PersonalPath, ...]) -> list[Place]:
    """Every non-null personal value of an event's data tree. Raises MalformedEvent where the tree has another shape."""
    return [place for path in paths for place in _find(tree, path, path.steps, "", ())]


def blank(tree: dict[str, Any], paths: tuple[PersonalPath, ...]) -> None:
    """Makes every personal value of an event's data tree null, in place. Raises MalformedEvent as `places` does."""
    for path in paths:
        first = path.steps[0]
        # Most of what may be said was not, and most of the rest stands right here: a rebuild does this by the million.
        if (value := tree.get(first)) is None:
            continue
        if len(path.steps) > 1:
            _blank(tree, path.steps)
        else:
            tree[first] = [None] * len(value) if isinstance(value, list) else None


def _blank(node: Any, steps: tuple[str, ...]) -> None:
    for at, step in enumerate(steps[:-1]):
        if node is None:
            return
        if step == "*":
            for item in _as_list(node):
                _blank(item, steps[at + 1 :])
            return
        node = _as_object(node).get(step)
    if node is None:
        return
    last = steps[-1]
    value = _as_object(node).get(last)
    if isinstance(value, list):
        value[:] = [None] * len(value)
    elif value is not None:
        node[last] = None


def _as_list(node: Any) -> list[Any]:
    if not isinstance(node, list):
        raise MalformedEvent("what should be a list of the data is none")
    return node


def _as_object(node: Any) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise MalformedEvent("what should be an object of the data is none")
    return node


def _walk(shape: type[msgspec.Struct], prefix: tuple[str, ...], around: frozenset[str]) -> list[PersonalPath]:
    found: list[PersonalPath] = []
    hints = typing.get_type_hints(shape, include_extras=True)
    fields = around | hints.keys()
    for name, hint in hints.items():
        marker = next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Personal)), None)
        if marker is not None:
            if not (fields.issuperset(marker.holders) and _may_be_null(typing.get_args(hint)[0])):
                raise ValueError(f"{shape.__name__}.{name}: personal text allows null and names its holder's field")
            found.append(PersonalPath((*prefix, name), marker.holders))
            continue
        if _hides(hint, reached=True):
            raise ValueError(f"{shape.__name__}.{name}: a Personal mark stands on the whole field, outside everything")
        for steps, nested in _nested(hint):
            found.extend(_walk(nested, (*prefix, name, *steps), fields))
    return found


def has_field(shape: type[msgspec.Struct], steps: Sequence[str]) -> bool:
    """Whether a struct has a field, personal or not, where such steps lead: names, and `*` for a list's elements."""
    if not steps:
        return True
    hint = typing.get_type_hints(shape, include_extras=True).get(steps[0])
    if hint is None or len(steps) == 1:
        return hint is not None
    return any(
        tuple(steps[1 : 1 + len(around)]) == around and has_field(nested, steps[1 + len(around) :])
        for around, nested in _nested(hint)
    )


def _may_be_null(hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (list, tuple):
        return all(_may_be_null(argument) for argument in arguments if argument is not Ellipsis)
    lists = [argument for argument in arguments if typing.get_origin(argument) in (list, tuple)]
    return all(map(_may_be_null, lists)) if lists else type(None) in arguments


def _hides(hint: Any, *, reached: bool) -> bool:
    """Whether a mark stands where `_nested` does not look: it would be passed over in silence, and the text stored."""
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return not reached and bool(personal_paths(hint))
    if any(isinstance(mark, Personal) for mark in getattr(hint, "__metadata__", ())):
        return True
    origin = typing.get_origin(hint)
    seen = reached and (origin is None or origin in (typing.Annotated, typing.Union, types.UnionType, list, tuple))
    return any(_hides(argument, reached=seen) for argument in typing.get_args(hint))


def _nested(hint: Any) -> list[tuple[tuple[str, ...], type[msgspec.Struct]]]:
    if typing.get_origin(hint) is typing.Annotated:
        return _nested(typing.get_args(hint)[0])
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return [((), hint)]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return [found for argument in arguments for found in _nested(argument)]
    if origin in (list, tuple):
        return [(("*", *steps), shape) for argument in arguments for steps, shape in _nested(argument)]
    return []


def _find(node: Any, path: PersonalPath, steps: tuple[str, ...], dotted: str, around: tuple[Any, ...]) -> list[Place]:
    if node is None:
        return []
    head, rest = steps[0], steps[1:]
    if head == "*":
        if not isinstance(node, list):
            raise MalformedEvent(f"{dotted or 'data'} is not a list")
        return [place for at, item in enumerate(node) for place in _find(item, path, rest, f"{dotted}.{at}", around)]
    if not isinstance(node, dict):
        raise MalformedEvent(f"{dotted or 'data'} is not an object")
    here = f"{dotted}.{head}" if dotted else head
    if rest:
        return _find(node.get(head), path, rest, here, (node, *around))
    value, holder = node.get(head), _holder(path.holders, (node, *around))
    if isinstance(value, list):
        return [Place(value, at, f"{here}.{at}", holder) for at, item in enumerate(value) if item is not None]
    return [] if value is None else [Place(node, head, here, holder)]


def _holder(names: tuple[str, ...], scopes: tuple[Any, ...]) -> str | None:
    return next((scope[name] for scope in scopes for name in names if scope.get(name) is not None), None)
