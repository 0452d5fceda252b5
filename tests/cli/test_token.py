"""`cairn token`: the token alone on standard output, or one sentence on standard error and exit code 1."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import jwt
import pytest

from tests.product import Product, ask, eventually, inside, run, start

Run = Callable[..., subprocess.CompletedProcess[str]]
NOBODY = "0191d3a0-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with start(tmp_path_factory.mktemp("token")) as product:
        yield product


def token(data: Path, *arguments: str, tenant: str = "acme", by: Run = run) -> str:
    """A token from a command that must succeed."""
    done = by("token", "--tenant", tenant, "--data", data, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("\n") == 1
    assert done.stdout.endswith("\n")
    assert jwt.get_unverified_header(done.stdout.strip())["alg"] == "EdDSA"
    return done.stdout.strip()


def refused(done: subprocess.CompletedProcess[str], *words: str, code: int = 1) -> None:
    """One sentence that says what is wrong, and nothing on standard output."""
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert "Traceback" not in done.stderr
    if code == 1:
        assert done.stderr.startswith("cairn: ")
        assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr, done.stderr


def me(product: Product, bearer: str) -> httpx2.Response:
    with product.client(bearer) as client:
        return client.get("/me")


# --- what is given ----------------------------------------------------------------------------------------------


def test_a_token_works_beside_a_running_product(product: Product) -> None:
    answer = me(product, token(product.data, "--email", "Ann@acme.example", "--role", "admin", "--role", "hr_partner"))
    assert answer.status_code == 200, answer.text
    ann = answer.json()
    assert (ann["email"], ann["roles"]) == ("Ann@acme.example", ["employee", "admin", "hr_partner"])
    # The same person again: by another spelling of the address, and by id.
    for who in (("--email", "ann@ACME.example"), ("--person", ann["id"])):
        assert me(product, token(product.data, *who, by=inside)).json()["id"] == ann["id"]


def test_a_role_granted_later_counts_for_the_tokens_before(product: Product) -> None:
    first = token(product.data, "--email", "bob@acme.example")
    assert me(product, first).json()["roles"] == ["employee"]
    for _ in range(2):
        token(product.data, "--email", "bob@acme.example", "--role", "compliance")
    eventually(lambda: me(product, first).json()["roles"] == ["employee", "compliance"], "the role counts")
    assert (
        ask(product.data / "events" / "people.db", "SELECT count(*) FROM stored_events WHERE topic LIKE '%granted%'")
        == 1
    )


def test_tenants_are_apart(product: Product) -> None:
    tokens = [token(product.data, "--email", "eve@x.example", tenant=name, by=inside) for name in ("a", "b")]
    assert len({me(product, one).json()["id"] for one in tokens}) == 2


def test_a_token_works_without_a_running_product_and_counts_later(tmp_path: Path) -> None:
    given = token(tmp_path / "data", "--email", "ann@acme.example")
    with start(tmp_path) as product:
        assert me(product, given).json()["email"] == "ann@acme.example"
        product.kill()
        assert token(product.data, "--email", "ann@acme.example")


def test_the_first_ones_at_once_agree(tmp_path: Path) -> None:
    """They make the folder, its keys and the person together, and know each other's."""
    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(lambda _: token(tmp_path / "data", "--email", "ann@acme.example"), range(3)))
    assert len({jwt.decode(one, options={"verify_signature": False})["sub"] for one in done}) == 1
    with start(tmp_path) as product:
        assert [me(product, one).status_code for one in done] == [200, 200, 200]


def test_a_token_counts_as_long_as_was_said(product: Product) -> None:
    given = token(product.data, "--email", "a@acme.example", "--hours", "0.5", by=inside)
    claims = jwt.decode(given, options={"verify_signature": False})
    assert 1799 <= claims["exp"] - claims["iat"] <= 1801


def test_the_folder_may_come_from_the_environment(tmp_path: Path) -> None:
    done = run("token", "--tenant", "acme", "--email", "a@acme.example", CAIRN_DATA_DIR=str(tmp_path / "elsewhere"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "elsewhere" / "events" / "people.db").is_file()


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tenant", ["", "Acme", "a b", "-acme", "a/b", "ü", "a" * 64, "..", "a\n"])
def test_a_tenant_of_no_valid_name_is_refused(tmp_path: Path, tenant: str) -> None:
    refused(
        inside("token", "--tenant", tenant, "--email", "a@acme.example", "--data", tmp_path / "data"), "tenant's name"
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("who", [(), ("--email", "a@acme.example", "--person", NOBODY)])
def test_nobody_and_two_are_refused(tmp_path: Path, who: tuple[str, ...]) -> None:
    refused(inside("token", "--tenant", "acme", *who, "--data", tmp_path / "data"), "--person", "--email")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--email", "new@acme.example", "--role", "king"), ("no such role", "admin")),
        (("--email", "new@acme.example", "--role", "admin", "--role", "employee"), ("no such role",)),
        (("--person", NOBODY), ("no person with this id",)),
        (("--person", "../x"), ("no person with this id",)),
        (("--person", ""), ("no person with this id",)),
        (("--email", ""), ("e-mail address",)),
        (("--email", "new"), ("e-mail address",)),
        (("--email", "new new@acme.example"), ("e-mail address",)),
        (("--email", "new@" + "x" * 300), ("e-mail address",)),
    ],
    ids=str,
)
def test_who_cannot_be_is_refused_and_nobody_is_added(
    product: Product, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    before = product.written()
    refused(inside("token", "--tenant", "acme", "--data", product.data, *arguments), *words)
    assert product.written() == before


def test_a_person_of_another_tenant_is_refused(product: Product) -> None:
    theirs = product.person("only@b.example", tenant="b")
    refused(inside("token", "--tenant", "acme", "--person", theirs, "--data", product.data), "no person with this id")


def test_a_refusal_as_a_shell_sees_it(tmp_path: Path) -> None:
    refused(run("token", "--tenant", "acme", "--email", "new", "--data", tmp_path / "data"), "e-mail address")


def test_an_identity_provider_takes_its_place(product: Product) -> None:
    before = product.written()
    issuers = {"CAIRN_OIDC_ISSUERS": "https://login.example"}
    done = inside("token", "--tenant", "acme", "--email", "a@acme.example", "--data", product.data, **issuers)
    refused(done, "CAIRN_OIDC_ISSUERS")
    assert product.written() == before


@pytest.mark.parametrize("hours", ["0", "-1", "x", "1e9", "nan", "inf"])
def test_a_time_that_is_none_is_refused(tmp_path: Path, hours: str) -> None:
    done = inside("token", "--tenant", "a", "--email", "a@a.example", "--hours", hours, "--data", tmp_path / "data")
    refused(done, "hours", code=2)


def test_a_wrong_key_is_refused(product: Product) -> None:
    key = {"CAIRN_KEY_ENCRYPTION_KEY": "A" * 43}
    done = inside("token", "--tenant", "acme", "--email", "a@acme.example", "--data", product.data, **key)
    refused(done, "key encryption key")


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    refused(inside("token", "--tenant", "acme", "--email", "a@acme.example", "--data", tmp_path / "file"))
    refused(inside("token", "--tenant", "acme", "--email", "a@acme.example", "--data", tmp_path / "file" / "below"))
    assert (tmp_path / "file").read_text() == "mine"
