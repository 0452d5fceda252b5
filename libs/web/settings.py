"""What an operator may set for every service, read once from the environment (`CAIRN_*`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Settings that mean the same in every process."""

    model_config = SettingsConfigDict(env_prefix="CAIRN_", frozen=True, extra="ignore")

    profile: Literal["embedded"] = Field(
        default="embedded",
        description="How the parts are plugged together: everything in one process and one data folder.",
    )
    data_dir: Path = Field(default=Path(".cairn"), description="The data folder: event stores, read models, keys.")
    key_encryption_key: SecretStr | None = Field(
        default=None,
        description="32 bytes in base64 that wrap every person's key. Unset: made once in the data folder, mode 0600.",
    )
    tombstones: Path | None = Field(
        default=None,
        description="The file of who was erased; after a restore their keys are destroyed again, so keep it where no "
        "backup is restored to. Unset: tombstones.ndjson in the data folder.",
    )
    oidc_issuers: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Issuers of your identity provider, comma-separated. When set, development tokens are refused; "
        "this version verifies no others, so `cairn up` does not start.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="How much is logged, as JSON on standard error."
    )

    @field_validator("oidc_issuers", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
