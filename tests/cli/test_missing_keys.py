"""A data folder that lost its keys: nothing is begun anew on top of events that only the old keys open."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.product import Product, run, start


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A stopped installation with events in it."""
    with start(tmp_path) as product:
        sam = product.person("sam@acme.example")
        with product.client(product.issue(sam)) as client:
            goal = {"title": "Fewer escalations", "kind": "objective", "owner_id": sam}
            client.post("/goals", json=goal).raise_for_status()
        product.stop()
    return product.data


@pytest.mark.parametrize("lost", ["keys.db", "key-encryption.key"])
@pytest.mark.parametrize(
    "command",
    [
        ("up", "--port", "0"),
        ("token", "--tenant", "acme", "--email", "sam@acme.example"),
        ("seed", "--tenant", "acme", "--people", "1", "--goals", "1"),
    ],
)
def test_without_its_keys_a_folder_is_neither_served_nor_written(
    folder: Path, lost: str, command: tuple[str, ...]
) -> None:
    for path in folder.glob(f"{lost}*"):
        path.rename(folder.parent / path.name)
    done = run(*command, "--data", folder)
    assert done.returncode == 1
    assert lost in done.stderr
    assert "restore it" in done.stderr
    assert not (folder / "key-encryption.key").exists() or lost != "key-encryption.key"
    for path in folder.parent.glob(f"{lost}*"):
        path.rename(folder / path.name)
    product = Product(folder, 0, {})
    assert (
        run("token", "--tenant", "acme", "--person", product.person("sam@acme.example"), "--data", folder).returncode
        == 0
    )
