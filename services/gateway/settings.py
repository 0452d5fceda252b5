"""What an operator may set at the door, read once from the environment."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class GatewaySettings(BaseSettings):
    """Quotas of the gateway; each process counts by itself."""

    model_config = SettingsConfigDict(env_prefix="CAIRN_", extra="ignore", frozen=True)

    quota_principal: int = Field(
        default=100,
        ge=0,
        le=1_000_000,
        description="Requests a second that one principal may make; further ones are answered with 429. 0: no quota.",
    )
    quota_tenant: int = Field(
        default=1000,
        ge=0,
        le=1_000_000,
        description="Requests a second that one tenant's principals may make together. 0: no quota.",
    )
