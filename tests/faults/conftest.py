"""A running product, and people of two tenants who ask it for things all at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.load import Asker
from tests.product import Product, start

CLIENTS = {"acme": 4, "globex": 2}


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    with start(tmp_path) as product:
        yield product


@pytest.fixture
def askers(product: Product) -> list[Asker]:
    return [
        Asker(tenant, product.person(email, tenant=tenant), product.token(email, tenant=tenant))
        for tenant, clients in CLIENTS.items()
        for email in (f"{number}@{tenant}.example" for number in range(clients))
    ]
