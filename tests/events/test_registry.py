"""Wire names and classes: what could not be read for ever is refused when the code starts, not when it is met."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

import msgspec
import pytest

from libs.events.errors import EventFromTheFuture, MalformedEvent
from libs.events.personal import Personal
from libs.events.registry import REGISTRY, Event, Registry
from libs.events.upcasters import UPCASTERS, Upcaster
from tests.events import toy


class Nested(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A closed part."""

    amount: Decimal


class NestedOpen(msgspec.Struct, frozen=True):
    """A part that takes anything beside its fields."""

    amount: Decimal


class NestedFloat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part with a float."""

    amount: float


def event(frozen: bool = True, closed: bool = True, **fields: Any) -> type[Event]:
    """An event class with these fields."""
    return msgspec.defstruct("Happened", list(fields.items()), frozen=frozen, forbid_unknown_fields=closed)


def same(tree: dict[str, Any]) -> dict[str, Any]:
    """An upcaster that changes nothing."""
    return tree


@pytest.mark.parametrize(
    "name",
    [
        "toys.counted", "toys.counted.v0", "toys.counted.v01", "toys.counted.1", "counted.v1", "Toys.counted.v1",
        "toys.Counted.v1", "toys.was_counted.v1", "toys.counted.twice.v1", "toys.counted.v1 ", "toys:counted.v1",
        "libs.events.catalog.toys:Counted", "tests.events.toy.Counted", "",
    ],
)  # fmt: skip
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no wire name"):
        Registry({name: toy.Counted}, {})


def test_wire_names_are_never_python_paths() -> None:
    for registry in (REGISTRY, toy.TOYS):
        for name in registry:
            shape = registry.shape(name)
            assert re.fullmatch(r"[a-z]+\.[a-z-]+\.v[0-9]+", name)
            assert shape.__module__ not in name
            assert shape.__qualname__ not in name


def test_every_service_states_its_facts_under_its_own_name() -> None:
    for name in REGISTRY:
        catalog = f"libs.events.catalog.{name.partition('.')[0]}"
        assert f"{REGISTRY.shape(name).__module__}.".startswith(f"{catalog}.")


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        (event(closed=False, by=int), "closed"),
        (event(frozen=False, by=int), "frozen"),
        (event(by=float), "no float"),
        (event(by=float | None), "no float"),
        (event(by=list[float]), "no float"),
        (event(by=dict[str, tuple[int, float]]), "no float"),
        (event(part=NestedFloat), "no float"),
        (event(parts=list[NestedFloat | None]), "no float"),
        (event(part=NestedOpen), "closed"),
        (event(parts=dict[str, NestedOpen]), "closed"),
        (event(anything=Any), "not Any"),
        (event(anything=list[Any]), "not Any"),
        (event(anything=dict), "not Any"),
        (event(anything=msgspec.Raw), "not Any"),
    ],
)
def test_a_class_that_is_no_closed_schema_is_refused(shape: type[Event], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Registry({"toys.happened.v1": shape}, {})


def test_what_is_closed_is_accepted() -> None:
    good = event(by=int, amount=Decimal, part=Nested | None, parts=list[Nested], names=dict[str, str])
    assert list(Registry({"toys.happened.v1": good}, {})) == ["toys.happened.v1"]


def test_one_class_has_one_name() -> None:
    with pytest.raises(ValueError, match="two wire names"):
        Registry({"toys.counted.v1": toy.Counted, "toys.recounted.v1": toy.Counted}, {})


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ({}, "has no upcaster"),
        ({1: 3}, r"toys\.noted\.v2 is old"),
        ({1: 4, 2: 3}, "nobody knows"),
        ({1: 2, 2: 1}, "circle"),
        ({1: 2, 2: 3, 3: 1}, "circle"),
        ({1: 2, 2: 3, 3: 2}, "circle"),
    ],
)
def test_a_chain_that_does_not_reach_today_is_refused(steps: dict[int, int], why: str) -> None:
    shapes = {name: shape for name, shape in toy.SHAPES.items() if "noted" in name}
    with pytest.raises(ValueError, match=why):
        Registry(shapes, {f"toys.noted.v{old}": Upcaster(f"toys.noted.v{new}", same) for old, new in steps.items()})


def test_names_and_classes_lead_to_each_other() -> None:
    for name, shape in toy.SHAPES.items():
        assert (toy.TOYS.name_of(shape), toy.TOYS.shape(name)) == (name, shape)
    assert list(toy.TOYS) == sorted(toy.SHAPES)


def test_what_is_not_registered_is_not_written() -> None:
    with pytest.raises(MalformedEvent, match="no wire name"):
        toy.TOYS.name_of(Nested)


@pytest.mark.parametrize("name", ["toys.counted.v2", "toys.unheard-of.v1", "", "tests.events.toy:Counted"])
def test_what_is_not_known_is_from_the_future(name: str) -> None:
    with pytest.raises(EventFromTheFuture):
        toy.TOYS.read(name, {"by": 1})
    with pytest.raises(EventFromTheFuture):
        toy.TOYS.paths(name)


@pytest.mark.parametrize("tree", [{}, {"by": "1"}, {"by": 1.5}, {"by": None}, {"by": 1, "more": 2}, {"By": 1}])
def test_data_that_the_class_refuses_is_malformed(tree: dict[str, Any]) -> None:
    registry = Registry({"toys.happened.v1": event(by=int)}, {})
    with pytest.raises(MalformedEvent, match=r"toys\.happened\.v1"):
        registry.read("toys.happened.v1", tree)


def test_no_upcaster_of_the_product_lies_idle() -> None:
    assert set(UPCASTERS) <= set(REGISTRY)


# --- where personal text moves to -------------------------------------------------------------------------------


class Remark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part with somebody's text."""

    by: str
    text: Annotated[str | None, Personal("by")]


class Reworded(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same, its text by another name."""

    by: str
    words: Annotated[str | None, Personal("by")]


FIRST, SECOND = "toys.remarked.v1", "toys.remarked.v2"
REMARKED = {FIRST: event(remarks=list[Remark], first=Remark), SECOND: event(said=list[Reworded], first=Reworded)}


@pytest.mark.parametrize(
    ("moved", "missing"),
    [
        ({}, r"remarks\.\*\.text"),
        ({"remarks": ("said",)}, r"said\.\*\.text"),
        ({"remarks.*.text": ("said.*.words",)}, r"first\.text"),
        ({"remarks.*.text": ("said.*.words",), "first.text": ("first.words", "last.words")}, r"last\.words"),
        ({"remarks.*.text": ("said.words",), "first.text": ()}, r"said\.words"),
    ],
)
def test_an_upcaster_that_hides_where_personal_text_is_now_is_refused(moved: Any, missing: str) -> None:
    with pytest.raises(ValueError, match=f"has no {missing}; its upcaster says in `moved`"):
        Registry(REMARKED, {FIRST: Upcaster(SECOND, same, moved)})


def test_what_was_erased_is_named_as_today() -> None:
    moved = {"remarks.*.text": ("said.*.words",), "first.text": ("first.words",)}
    registry = Registry(REMARKED, {FIRST: Upcaster(SECOND, same, moved)})
    stored = ("remarks.0.text", "remarks.12.text", "first.text")
    assert registry.paths_today(FIRST, stored) == ("said.0.words", "said.12.words", "first.words")
    assert registry.paths_today(SECOND, ("first.words",)) == ("first.words",)


@pytest.mark.parametrize(
    ("moved", "path", "now"),
    [
        ({}, "labels.3", ("labels.3",)),
        ({"labels": ("tags",)}, "labels.3", ("tags.3",)),
        ({"labels.*": ("tags.*", "words.*")}, "labels.3", ("tags.3", "words.3")),
        ({"label": ("tag",)}, "labels.3", ("labels.3",)),
        ({"metric": ("measure",), "metric.unit": ("unit_of_measure",)}, "metric.unit", ("unit_of_measure",)),
        ({"metric": ("measure",)}, "metric.unit", ("measure.unit",)),
        ({"unit": ("measure",)}, "metric.unit", ("metric.unit",)),
        ({"gone": ()}, "gone", ()),
        ({"gone": ()}, "gone.within", ()),
        ({"a.*.b.*.c": ("d.*.*",)}, "a.1.b.2.c", ("d.1.2",)),
    ],
)
def test_a_path_leads_to_where_its_text_is_from_then_on(moved: Any, path: str, now: tuple[str, ...]) -> None:
    assert Upcaster(SECOND, same, moved).paths_of(path) == now
