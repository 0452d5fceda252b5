"""One running product for all stories: each file brings a tenant, people and goals of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.journeys.team import Team
from tests.product import Product, start


@pytest.fixture(scope="package")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with start(tmp_path_factory.mktemp("product")) as product:
        yield product


@pytest.fixture(scope="module")
def team(product: Product) -> Team:
    return Team(product)
