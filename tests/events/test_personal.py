"""Which fields are personal: every mark is found or refused when the code starts, none is passed over in silence."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.errors import MalformedEvent
from libs.events.personal import Personal, PersonalPath, blank, personal_paths, places

Text = Annotated[str | None, Personal("owner_id")]


class Remark(msgspec.Struct):
    """Somebody else's text within."""

    author_id: str | None
    text: Annotated[str | None, Personal("author_id", "owner_id")]


class Part(msgspec.Struct):
    """A part of the owner's, with parts."""

    owner_id: str
    label: Text = None
    remarks: list[Remark] = []


class Whole(msgspec.Struct):
    """Marks wherever they may stand."""

    owner_id: str
    plain: str = ""
    title: Text = None
    labels: Annotated[list[str | None], Personal("owner_id")] = []
    words: Annotated[tuple[str | None, ...] | None, Personal("owner_id")] = None
    part: Part | None = None
    parts: tuple[Part, ...] = ()
    either: Remark | Annotated[list[Remark], "not a mark"] | None = None
    unit_id: str | None = None
    shared: Annotated[str | None, msgspec.Meta(max_length=9), Personal("unit_id", "owner_id")] = None


def test_every_mark_is_found_in_order() -> None:
    own, author = ("owner_id",), ("author_id", "owner_id")
    assert personal_paths(Whole) == (
        PersonalPath(("title",), own),
        PersonalPath(("labels",), own),
        PersonalPath(("words",), own),
        PersonalPath(("part", "label"), own),
        PersonalPath(("part", "remarks", "*", "text"), author),
        PersonalPath(("parts", "*", "label"), own),
        PersonalPath(("parts", "*", "remarks", "*", "text"), author),
        PersonalPath(("either", "text"), author),
        PersonalPath(("either", "*", "text"), author),
        PersonalPath(("shared",), ("unit_id", "owner_id")),
    )
    assert personal_paths(msgspec.defstruct("Nothing", [("owner_id", str)])) == ()


def test_a_mark_needs_a_holder() -> None:
    with pytest.raises(ValueError, match="whose text"):
        Personal()


class InsideUnion(msgspec.Struct):
    """The mark is on a part of the type, not on the field."""

    owner_id: str
    text: Annotated[str, Personal("owner_id")] | None


class InsideList(msgspec.Struct):
    """The mark is on the elements, not on the field."""

    owner_id: str
    texts: list[Annotated[str | None, Personal("owner_id")]]


class InsideMapping(msgspec.Struct):
    """The mark is under keys that no path can name."""

    owner_id: str
    texts: dict[str, Annotated[str | None, Personal("owner_id")]]


class PartsByName(msgspec.Struct):
    """The marks are within structs under such keys."""

    parts: dict[str, Part]


class DeeplyHidden(msgspec.Struct):
    """So they are here."""

    parts: list[dict[str, list[Part] | None]]


class NeverNull(msgspec.Struct):
    """Could not be read once it is erased."""

    owner_id: str
    text: Annotated[str, Personal("owner_id")]


class ElementsNeverNull(msgspec.Struct):
    """Neither could this list."""

    owner_id: str
    texts: Annotated[list[str] | None, Personal("owner_id")]


class Misspelt(msgspec.Struct):
    """Names a holder that is not there."""

    owner_id: str
    text: Annotated[str | None, Personal("ownr_id")]


class HolderBelow(msgspec.Struct):
    """Names a holder that is neither beside nor around."""

    part: Part | None
    text: Text


MISPLACED = [InsideUnion, InsideList, InsideMapping, PartsByName, DeeplyHidden]
WRONG = [*MISPLACED, NeverNull, ElementsNeverNull, Misspelt, HolderBelow]


@pytest.mark.parametrize("shape", WRONG)
def test_a_mark_that_could_not_be_honoured_stops_the_start(shape: type[msgspec.Struct]) -> None:
    with pytest.raises(ValueError, match=rf"^{shape.__name__}\."):
        personal_paths(shape)


# --- places -----------------------------------------------------------------------------------------------------


def found(tree: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Path and holder of every place."""
    return [(place.path, place.holder) for place in places(tree, personal_paths(Whole))]


def test_places_name_the_nearest_holder() -> None:
    tree = {
        "owner_id": "o",
        "title": "t",
        "labels": ["a", None, "b"],
        "part": {"owner_id": "p", "label": "l", "remarks": [{"author_id": "r", "text": "x"}]},
        "parts": [{"owner_id": "q", "remarks": [{"author_id": None, "text": "y"}, {"author_id": "s", "text": None}]}],
        "shared": "s",
    }
    assert found(tree) == [
        ("title", "o"),
        ("labels.0", "o"),
        ("labels.2", "o"),
        ("part.label", "p"),
        ("part.remarks.0.text", "r"),
        ("parts.0.remarks.0.text", "q"),
        ("shared", "o"),
    ]
    assert found({"owner_id": "o", "unit_id": "u", "shared": "s"}) == [("shared", "u")]
    assert found({"shared": "s"}) == [("shared", None)]
    assert found({"owner_id": "o", "title": None, "part": None, "parts": []}) == []


def test_a_place_is_where_the_value_stands() -> None:
    tree = {"owner_id": "o", "labels": ["a", "b"], "part": {"owner_id": "p", "label": "l"}}
    for place in places(tree, personal_paths(Whole)):
        place.container[place.field] = place.path.upper()
    assert tree["labels"] == ["LABELS.0", "LABELS.1"]
    assert tree["part"] == {"owner_id": "p", "label": "PART.LABEL"}


class Half(msgspec.Struct):
    """A part, and a list of them."""

    part: Part | None = None
    parts: list[Part] = []


@pytest.mark.parametrize(
    "tree",
    [
        {"part": "text"},
        {"part": [1]},
        {"parts": {"label": "l"}},
        {"parts": ["l"]},
        {"part": {"remarks": {"text": "x"}}},
    ],
)
def test_a_tree_of_another_shape_is_refused(tree: dict[str, Any]) -> None:
    paths = personal_paths(Half)
    with pytest.raises(MalformedEvent):
        places(tree, paths)


names = st.sampled_from(["owner_id", "title", "labels", "part", "parts", "remarks", "text", "either"])


@given(st.recursive(st.none() | st.text(max_size=3), lambda inner: st.lists(inner) | st.dictionaries(names, inner)))
def test_no_tree_makes_it_fail_otherwise(tree: Any) -> None:
    if not isinstance(tree, dict):
        return
    try:
        places(tree, personal_paths(Whole))
    except MalformedEvent:
        return


@given(st.booleans(), st.lists(st.none() | st.text(max_size=3), max_size=3), st.none() | st.text(max_size=3))
def test_what_is_blanked_is_what_is_personal(nested: bool, texts: list[str | None], text: str | None) -> None:
    """As if each place had been looked up: everything else stands."""
    paths = (
        PersonalPath(("title",), ("owner",)),
        PersonalPath(("labels",), ("owner",)),
        PersonalPath(("deep", "*", "text"), ("owner",)),
    )

    def tree() -> dict[str, Any]:
        deep = [{"text": one, "owner": "b", "kept": 1} for one in texts] if nested else None
        return {"title": text, "labels": list(texts), "owner": "a", "kept": "this", "deep": deep}

    expected, blanked = tree(), tree()
    for place in places(expected, paths):
        place.container[place.field] = None
    blank(blanked, paths)
    assert blanked == expected


@pytest.mark.parametrize("data", [{"deep": {"text": "no list"}}, {"deep": ["no object"]}])
def test_what_has_another_shape_is_not_blanked(data: dict[str, Any]) -> None:
    with pytest.raises(MalformedEvent):
        blank(data, (PersonalPath(("deep", "*", "text"), ("owner",)),))
