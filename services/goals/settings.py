"""What an operator may set for goals, read once from the environment."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class GoalSettings(BaseSettings):
    """Settings of goals."""

    model_config = SettingsConfigDict(env_prefix="CAIRN_", extra="ignore", frozen=True)

    stale_after_days: int = Field(
        default=14,
        ge=1,
        le=3650,
        description="Days without a check-in after which an open goal is shown as stale.",
    )
