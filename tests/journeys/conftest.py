"""One running product for all stories: the demonstration tenant, and for each file a tenant with people of its own.

A goal is stale there after one day without a check-in: the demonstration tenant's past has weeks between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.journeys.company import Company
from tests.journeys.team import Team
from tests.product import Product, start


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with start(tmp_path_factory.mktemp("product"), "--demo", CAIRN_STALE_AFTER_DAYS="1") as product:
        yield product


@pytest.fixture(scope="module")
def team(product: Product) -> Team:
    return Team(product)


@pytest.fixture(scope="module")
def company(product: Product) -> Company:
    return Company(product)


@pytest.fixture(scope="package")
def description(product: Product) -> dict[str, Any]:
    found: dict[str, Any] = httpx2.get(f"{product.url}/openapi.json").raise_for_status().json()
    return found
