"""The doctor on settings: those that this version cannot follow, and those that it does not even know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from pydantic_settings import BaseSettings

from libs.web.settings import ServiceSettings
from services.cli.doctor.finding import Finding

PREFIX = "CAIRN_"


def environment(
    settings: ServiceSettings, known: Sequence[type[BaseSettings]], given: Mapping[str, str]
) -> Iterator[Finding]:
    """What is set; `known` are all kinds of settings, `given` the environment. No value is repeated."""
    yield Finding(
        not settings.oidc_issuers,
        "identity: development tokens" if not settings.oidc_issuers else "identity: CAIRN_OIDC_ISSUERS is set",
        "this version verifies development tokens only: unset it",
    )
    names = {f"{PREFIX}{name.upper()}" for kind in known for name in kind.model_fields}
    for name in sorted(given):
        # As pydantic reads them: in any case.
        if name.upper().startswith(PREFIX) and name.upper() not in names:
            meant = get_close_matches(name.upper(), sorted(names), 1, 0.8)
            remedy = f"if you meant {meant[0]}, set that" if meant else "docs/generated/settings.md lists what there is"
            yield Finding(False, f"{name} is set, and means nothing to this version", f"{remedy}; unset this one")
