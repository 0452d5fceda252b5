"""`cairn docs`: writes docs/generated from the code itself, or says where the two have drifted apart."""

from __future__ import annotations

import asyncio
import inspect
import json
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from pydantic_settings import BaseSettings

from libs.access.policy import matrix
from libs.events.registry import REGISTRY
from libs.web.settings import ServiceSettings
from services.cli.console import fail
from services.cli.status.shape import Status
from services.cli.up import Installation, assemble
from services.gateway import wiring as gateway
from services.goals import wiring as goals

FOLDER = Path("docs/generated")
_HEAD = "<!-- Written by `make docs` from the code. Change the code, not this page. -->\n\n"


def docs(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; fail if a page is out of date.")] = False,
) -> None:
    """Write docs/generated."""
    pages = asyncio.run(_pages())
    if not check:
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
        return
    present = {path.name for path in FOLDER.glob("*")}
    stale = [name for name, text in pages.items() if name not in present or _read(name) != text]
    stale += sorted(present - set(pages))
    if stale:
        fail(f"out of date in {FOLDER}: {', '.join(stale)}. Run make docs and commit what changed.")


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


async def _pages() -> Mapping[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            installation = await assemble(ServiceSettings(data_dir=Path(folder)), stack)
            async with gateway.in_process("cairn", installation.gateway) as client:
                description = (await client.get("/openapi.json")).raise_for_status().text
            return {
                "openapi.json": description,
                "settings.md": _settings((ServiceSettings, gateway.SETTINGS, goals.SETTINGS)),
                "events.md": _events(),
                "access.md": _access(installation),
                "status.schema.json": json.dumps(msgspec.json.schema(Status), indent=2) + "\n",
            }


def _settings(classes: Iterable[type[BaseSettings]]) -> str:
    rows = [
        (f"`CAIRN_{name.upper()}`", _default(field.get_default()), field.description or "")
        for one in classes
        for name, field in one.model_fields.items()
    ]
    text = "# Settings\n\nRead once at start, from the environment.\n\n"
    tail = "\nTelemetry is silent until the `OTEL_*` variables of OpenTelemetry say where it goes.\n"
    return _HEAD + text + _table(("variable", "default", "meaning"), sorted(rows)) + tail


def _default(value: object) -> str:
    return "" if value in (None, ()) else f"`{value}`"


def _events() -> str:
    parts = [
        "# Events\n\nEvery fact that was ever stored, by wire name. Personal fields are sealed in store and log.\n"
    ]
    for name in REGISTRY:
        shape = REGISTRY.shape(name)
        personal = {path.steps[0] if len(path.steps) == 1 else ".".join(path.steps) for path in REGISTRY.paths(name)}
        rows = [
            (f"`{field.name}`", _type(field.type), "yes" if _is_personal(field.name, personal) else "")
            for field in msgspec.structs.fields(shape)
        ]
        parts.append(f"\n## {name}\n\n{inspect.getdoc(shape)}\n\n" + _table(("field", "type", "personal"), rows))
    return _HEAD + "".join(parts)


def _is_personal(name: str, personal: set[str]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for path in personal)


def _type(annotation: Any) -> str:
    schema = msgspec.json.schema(annotation)
    return f"`{_brief(schema, schema.get('$defs', {}))}`"


def _brief(schema: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        members = known[schema["$ref"].rsplit("/", 1)[1]]["properties"]
        return "{" + ", ".join(f"{name}: {_brief(item, known)}" for name, item in members.items()) + "}"
    if "anyOf" in schema:
        return " or ".join(_brief(item, known) for item in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of ({_brief(schema['items'], known)})"
    return str(schema.get("format") or schema.get("type", "any"))


def _access(installation: Installation) -> str:
    policies = [service.policy for service in installation.services]
    text = "# Access\n\nA cell says when a relation or role allows an action. What no cell allows is denied.\n\n"
    return _HEAD + text + matrix(policies)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in lines)
