"""What pydantic and FastAPI found wrong with a request → one problem: where and what to do, quoting nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from libs.web.fields import WRONG_SHAPE, WRONG_VALUE
from libs.web.problems import FieldError, Problem

MOST = 20
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)
_SHAPES = frozenset({"missing", "extra_forbidden", "none_required", WRONG_SHAPE})
_CHOICES = frozenset({"literal_error", "enum"})

_DETAILS: Mapping[str, str] = {
    "missing": "This is required.",
    "extra_forbidden": "There is no such field. Leave it out.",
    "none_required": "This must be null.",
    "string_type": "This must be a string.",
    "int_type": "This must be a whole number.",
    "int_parsing": "This must be a whole number.",
    "bool_type": "This must be true or false.",
    "bool_parsing": "This must be true or false.",
    "list_type": "This must be a list.",
    "tuple_type": "This must be a list.",
    "dict_type": "This must be an object.",
    "model_type": "This must be an object.",
    "model_attributes_type": "This must be an object.",
    "literal_error": "Use one of: {expected}.",
    "enum": "Use one of: {expected}.",
    "string_too_long": "Use at most {max_length} characters.",
    "string_too_short": "Use at least {min_length} characters.",
    "string_pattern_mismatch": "This does not have the expected form.",
    "too_long": "Use at most {max_length} entries.",
    "too_short": "Use at least {min_length} entries.",
    "greater_than_equal": "Use {ge} or more.",
    "greater_than": "Use more than {gt}.",
    "less_than_equal": "Use {le} or less.",
    "less_than": "Use less than {lt}.",
    WRONG_SHAPE: "{detail}",
    WRONG_VALUE: "{detail}",
}
"""Only bounds and words of ours are filled in. Pydantic's own messages are not used, because some quote the input."""


def problem_of_validation(errors: Sequence[Mapping[str, Any]], body: object) -> Problem:
    """The problem of all errors of a request.

    404 for a malformed path id, else 422 `invalid_parameter`, 400 `invalid_header`, or for the body's fields: 400
    `invalid_body` when one has the wrong shape (missing, unknown, of another type), else 422 `invalid_value`.
    """
    by_place = {error["loc"][0]: error for error in errors}
    if "path" in by_place:
        # An id of another form is the id of nothing, and must answer as an unknown one does.
        return Problem(404, "not_found", "There is nothing with this id. Check the id, or ask its owner for access.")
    if "query" in by_place:
        return parameter_problem([_of_parameter(error) for error in errors if error["loc"][0] == "query"])
    if "body" not in by_place:
        found = [_of_parameter(error) for error in errors]
        return Problem(400, "invalid_header", "A header is malformed; errors say which.", errors=found[:MOST])
    found = [FieldError(_pointer(error, body), _detail(error)) for error in errors if error["loc"][0] == "body"]
    if any(_is_shape(error) for error in errors):
        detail = "The body does not have the shape that is asked for; errors say where."
        return Problem(400, "invalid_body", detail, errors=found[:MOST])
    return Problem(422, "invalid_value", "A value is not taken; errors say which and why.", errors=found[:MOST])


def parameter_problem(errors: Sequence[FieldError]) -> Problem:
    """422 `invalid_parameter`: a query parameter that is unknown, given twice, or has a value that is not taken."""
    detail = "A query parameter is not taken; errors say which and why."
    return Problem(422, "invalid_parameter", detail, errors=errors[:MOST])


def safe_name(name: object) -> str:
    """A member's or parameter's name as it may be shown: a plain name; anything else is left out."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else ""


def _is_shape(error: Mapping[str, Any]) -> bool:
    kind = error["type"]
    if kind in _CHOICES:
        return not isinstance(error.get("input"), str)
    return kind in _SHAPES or kind.endswith("_type")


def _detail(error: Mapping[str, Any]) -> str:
    words = _DETAILS.get(error["type"], "This value is not taken here. See the API description.")
    return words.format_map(error.get("ctx") or {})


def _of_parameter(error: Mapping[str, Any]) -> FieldError:
    return FieldError(safe_name(error["loc"][-1]), _detail(error))


def _pointer(error: Mapping[str, Any], body: object) -> str:
    # A location also names the branches of unions that were tried, so it is followed through the body itself.
    steps, node, at = error["loc"][1:], body, ""
    for step in steps:
        if isinstance(node, dict):
            if step not in node and not (error["type"] == "missing" and step is steps[-1]):
                continue
            if not safe_name(step):
                return at
            node, at = node.get(step), f"{at}/{step}"
        elif isinstance(node, list) and isinstance(step, int) and step < len(node):
            node, at = node[step], f"{at}/{step}"
    return at
