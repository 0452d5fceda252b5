"""How many levels down: whole numbers within bounds, as every service takes them."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from libs.web.fields import WRONG_VALUE
from libs.web.levels import levels

FROM_0, FROM_1 = (TypeAdapter(Annotated[int, levels(least, 20)]) for least in (0, 1))


@pytest.mark.parametrize(
    "given", ["21", "100", "-1", "+1", "1.0", "1e1", "", " 1", "x", "٣", "²", None, ["1"], "9" * 5000]
)
def test_what_is_no_number_of_levels_is_refused(given: object) -> None:
    for levels_down in (FROM_0, FROM_1):
        with pytest.raises(ValidationError) as refused:
            levels_down.validate_python(given)
        [error] = refused.value.errors()
        assert error["type"] == WRONG_VALUE
        assert error["msg"].endswith("to 20.")


def test_the_least_is_the_services_own() -> None:
    assert FROM_0.validate_python("0") == 0
    with pytest.raises(ValidationError):
        FROM_1.validate_python("0")
    assert [FROM_1.validate_python(one) for one in ("1", "07", "20", 2)] == [1, 7, 20, 2]


def test_it_is_described_as_the_whole_number_that_it_is() -> None:
    assert FROM_0.json_schema() == {"type": "integer", "minimum": 0, "maximum": 20}
