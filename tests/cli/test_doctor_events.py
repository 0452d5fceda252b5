"""`cairn doctor` reads events one by one: what is no event, and tombstones that nobody could ever write."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.installations import doctor, only, plant, spoil, status
from tests.product import eventually, inside, start


def test_an_event_that_is_none(data: Path) -> None:
    path = data / "events/goals.db"
    plant(path, "goals.goal-followed.v1", data={})
    spoil(path, 2)
    for flags in ((), ("--deep",)):
        found = doctor(data, *flags)
        code, wrong = found
        assert code == 1
        [told] = [one for one in wrong if one.startswith("FAIL event store goals")]
        assert "1 events hold no event that can be read: goals:2 of acme" in told
        assert "restore BACKUP --replace" in told


def test_an_old_event_that_is_none_is_found_when_all_are_read(data: Path) -> None:
    path = data / "events/people.db"
    plant(path, "people.person-added.v1", data={}, place=5000)
    spoil(path, 1)
    newest, every = [
        [one for one in doctor(data, *flags)[1] if "that can be read: people:1 of acme" in one]
        for flags in ((), ("--deep",))
    ]
    assert (len(newest), len(every)) == (0, 1)


def test_many_events_that_are_none(data: Path) -> None:
    path = data / "events/goals.db"
    for _ in range(4):
        plant(path, "goals.goal-followed.v1", data={})
    for sequence in range(1, 6):
        spoil(path, sequence)
    [told] = [one for one in doctor(data, "--deep")[1] if "hold no event" in one]
    assert (
        "5 events hold no event that can be read: goals:1 of acme, goals:2 of acme, goals:3 of acme and 2 more" in told
    )


def test_what_stops_a_running_product_is_found(tmp_path: Path) -> None:
    """Whoever reads the event stops, `status` sends to the doctor, and that one names it."""
    with start(tmp_path) as product:
        product.person("ann@acme.example")
        path = product.data / "events/people.db"
        # Before anybody reads it: a runner may come to it at once.
        plant(path, "people.person-added.v1", data={}, body=b"\x00no envelope")
        found = eventually(lambda: (one := status(product.data))["problems"] and one, "somebody stops")
        assert any("malformed_event" in one["what"] and "doctor" in one["remedy"] for one in found["problems"])
        done = inside("doctor", "--data", product.data)
        assert (done.returncode, "people:3 of acme" in done.stdout) == (1, True)


# --- tombstones -----------------------------------------------------------------------------------------------------


def folder_of(tmp_path: Path) -> Path:
    """A folder in the file's place."""
    (tmp_path / "kept").mkdir()
    return tmp_path / "kept"


def below_a_file(tmp_path: Path) -> Path:
    """A place whose folder cannot be made."""
    (tmp_path / "file").write_text("mine")
    return tmp_path / "file" / "deep" / "tombstones.ndjson"


def not_to_be_written(tmp_path: Path) -> Path:
    """A place in a folder that takes no file."""
    (tmp_path / "closed").mkdir(mode=0o500)
    return tmp_path / "closed" / "deep" / "tombstones.ndjson"


def read_only(tmp_path: Path) -> Path:
    """A file that takes nothing."""
    (tmp_path / "tombstones.ndjson").touch(0o400)
    return tmp_path / "tombstones.ndjson"


def another_file(tmp_path: Path) -> Path:
    """A file that holds something else."""
    (tmp_path / "list").write_text("who knows\n")
    return tmp_path / "list"


@pytest.mark.parametrize("place", [folder_of, below_a_file, not_to_be_written, read_only, another_file])
def test_tombstones_that_nobody_could_write(data: Path, tmp_path: Path, place: object) -> None:
    assert callable(place)
    path = place(tmp_path)
    found = doctor(data, CAIRN_TOMBSTONES=str(path))
    only(found, "CAIRN_TOMBSTONES: ", "nobody can be erased", "let it name a file")
    assert str(path) not in found[1][0]
    [problem] = status(data, CAIRN_TOMBSTONES=str(path))["problems"]
    assert f"FAIL {problem['what']}" in found[1][0]


@pytest.mark.parametrize("name", ["tombstones.ndjson", "new/deep/tombstones.ndjson"])
def test_tombstones_that_are_yet_to_come(data: Path, tmp_path: Path, name: str) -> None:
    assert doctor(data, CAIRN_TOMBSTONES=str(tmp_path / name)) == (0, [])
    assert not (tmp_path / name.partition("/")[0]).exists()


def test_a_folder_in_the_place_of_the_tombstones(data: Path) -> None:
    (data / "tombstones.ndjson").mkdir()
    only(doctor(data), "tombstones.ndjson: this is a folder")
