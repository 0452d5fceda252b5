"""What keeps `cairn up` from starting is said in one sentence, the folder's before the port's."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.product import Product, held, inside, run, start


def test_a_second_one_on_the_same_folder_and_port_hears_of_the_folder(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        done = run("up", "--data", product.data, "--port", str(product.port))
        assert (done.returncode, done.stdout) == (1, "")
        assert product.process is not None
        assert f"already served by process {product.process.pid}" in done.stderr
        assert done.stderr.count("\n") == 1
        assert httpx2.get(f"{product.url}/readyz").status_code == 200


@pytest.mark.parametrize("command", ["up", "doctor"])
def test_a_quota_that_means_nothing_is_said_before_anything_is_made(tmp_path: Path, command: str) -> None:
    port = ("--port", "0") if command == "up" else ()
    do = run if command == "up" else inside
    done = do(command, "--data", tmp_path / "data", *port, CAIRN_QUOTA_PRINCIPAL="abc", CAIRN_QUOTA_TENANT="-1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("cairn: these settings have no meaning here: ")
    assert "CAIRN_QUOTA_PRINCIPAL, CAIRN_QUOTA_TENANT" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "data").exists()


def test_the_demo_is_there_however_small_the_quotas_are(tmp_path: Path) -> None:
    with start(tmp_path, "--demo", CAIRN_QUOTA_PRINCIPAL="3", CAIRN_QUOTA_TENANT="4") as product:
        assert product.written()["goals"][0] > 200
        assert product.stop() == 0


def test_a_demo_that_cannot_be_added_says_why(tmp_path: Path) -> None:
    with start(tmp_path) as product:
        product.stop()
    with held(product.data / "events" / "people.db"):
        done = run("up", "--data", product.data, "--port", "0", "--demo")
    assert (done.returncode, done.stdout) == (1, "")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("cairn: the demo tenant acme could not be added: ")
    assert last.endswith("Start without --demo to go on.")
    assert "Traceback" not in done.stderr
    assert list(product.data.rglob("*-wal")) == []


def test_who_is_there_already_takes_part_in_the_demo(tmp_path: Path) -> None:
    """Tokens may have been made for its people before: they are the same people afterwards."""
    before = Product(tmp_path / "data", 0, {}).person("sam@acme.example")
    with start(tmp_path, "--demo") as product, product.client(product.issue(before)) as sam:
        assert sam.get("/me").json()["email"] == "sam@acme.example"
        own = sam.get("/goals", params={"owner_id": before}).json()["items"]
        assert "A peer rating of 4.5 out of 5" in {goal["title"] for goal in own}
