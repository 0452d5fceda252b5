"""An installation that did some work and was stopped, made once, and a copy of it for each test that breaks it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.product import start


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data of a product that did some work and was stopped."""
    with start(tmp_path_factory.mktemp("stopped")) as product:
        person_id, token = product.person("ann@acme.example"), product.token("ann@acme.example")
        with product.client(token) as client:
            goal = {"title": "G", "kind": "objective", "owner_id": person_id}
            answer = client.post("/goals", json=goal)
            assert answer.status_code == 201
            # Whatever folds this event has done so before the process is told to stop.
            after = {"Cairn-After": answer.headers["Cairn-Position"]}
            for path in ("/goals", "/goals/tree", f"/goals/{answer.json()['id']}/comments"):
                assert client.get(path, headers=after).status_code == 200, path
        product.stop()
        yield product.data


@pytest.fixture
def data(installation: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    return shutil.copytree(installation, tmp_path / "data")
