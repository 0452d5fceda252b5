"""Makes the sample of a new wire name, never a second one: `python -m tests.events.samples.make NAME`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from libs.events import canonical, envelope
from libs.events.envelope import Envelope, Fact
from libs.events.reader import Unread
from libs.events.registry import REGISTRY, Event, Registry
from tests.events.samples.examples import ADA, EXAMPLES
from tests.events.samples.keys import FOLDER, SampleKeys, reader_of, sealer_of

SUFFIXES = (".json", ".schema.json", ".expected.json")


class Refused(Exception):
    """This sample is not to be made; the message says why and what to do."""


def schema_of(registry: Registry, name: str) -> dict[str, Any]:
    """The closed JSON Schema of a version; `x-personal` names its personal fields and whose they are.

    It says nothing of Python: classes may be renamed and described anew, only what is stored may not change.
    """
    made = msgspec.json.schema(registry.shape(name))
    personal = {".".join(path.steps): list(path.holders) for path in registry.paths(name)}
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **_inline(made, made.get("$defs", {})), "x-personal": personal}


def reading_of(registry: Registry, fact: Fact[Any]) -> dict[str, Any]:
    """What a sample is read as today: under which version, which data, what of it erased."""
    return {
        "read_as": registry.name_of(type(fact.data)),
        "data": canonical.tree_of(fact.data),
        "erased": list(fact.erased),
    }


def pretty(tree: Any) -> str:
    """JSON for a reviewer."""
    return json.dumps(tree, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


async def make(
    name: str, registry: Registry = REGISTRY, examples: Mapping[str, Event] = EXAMPLES, folder: Path = FOLDER
) -> None:
    """Writes the three files of a name. Raises Refused for one that has a file, no class or no example."""
    files = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
    if any(file.exists() for file in files):
        raise Refused(f"{name} has its sample, and what was stored never changes. Add a new version instead.")
    if name not in set(registry):
        raise Refused(f"{name} is no wire name of the registry. Add it there first.")
    example = examples.get(name)
    if type(example) is not registry.shape(name):
        raise Refused(f"examples.py has no {registry.shape(name).__name__} for {name}. Write one, every field filled.")
    plain = _envelope(name, example)
    sealed = await sealer_of(SampleKeys(folder, writes=True)).seal(plain, registry.paths(name))
    body = envelope.encode(sealed)
    [fact] = await reader_of(registry, folder).facts([Unread(body, 1)])
    files[0].write_bytes(body)
    files[1].write_text(pretty(schema_of(registry, name)), encoding="utf-8")
    files[2].write_text(pretty(reading_of(registry, fact)), encoding="utf-8")


def _inline(schema: Any, shapes: Mapping[str, Any]) -> Any:
    """A schema with every reference replaced by what it names, without titles and descriptions."""
    if isinstance(schema, list):
        return [_inline(item, shapes) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inline(shapes[schema["$ref"].rpartition("/")[2]], shapes)
    kept = {word: said for word, said in schema.items() if word not in ("title", "description", "$defs", "default")}
    inlined = {word: _inline(said, shapes) for word, said in kept.items() if word != "properties"}
    if "properties" in kept:
        inlined["properties"] = {field: _inline(said, shapes) for field, said in kept["properties"].items()}
    return inlined | ({"default": schema["default"]} if "default" in schema else {})


def _envelope(name: str, example: Event) -> Envelope:
    service, _, event = name.partition(".")
    return Envelope(
        id="0198f3a4-0000-7000-8000-0000000000e1",
        source=envelope.source_of(service),
        type=name,
        subject=envelope.stream_name("sample", event.split("-")[0], "0198f3a4-0000-7000-8000-0000000000f1"),
        time=datetime(2026, 2, 3, 9, 30, 0, 123456, tzinfo=UTC),
        tenant="sample",
        actor=ADA,
        version=3,
        data=canonical.tree_of(example),
        correlation="0198f3a4-0000-7000-8000-0000000000d1",
        causation="0198f3a4-0000-7000-8000-0000000000d2",
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )


def main(names: list[str]) -> int:
    """One sample for each name; 1 if one was refused."""
    if not names:
        print(__doc__)
        return 2
    for name in names:
        try:
            asyncio.run(make(name))
        except Refused as refused:
            print(refused, file=sys.stderr)
            return 1
        print(f"made {name}: look at its three files, then commit them with {FOLDER.name}/keyring.json")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
