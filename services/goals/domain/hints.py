"""What would make a goal better, said beside it: hints block nothing."""

from __future__ import annotations

from collections.abc import Mapping

FEWEST, MOST = 3, 5
"""Key results that an objective does well with."""

DETAILS: Mapping[str, str] = {
    "objective_without_key_results": "Nothing says yet when this objective is reached. Add three to five key results.",
    "fewer_than_three_key_results": "One or two key results rarely cover an objective. Consider three to five.",
    "too_many_key_results": "More than five key results scatter attention. Keep those that matter most.",
    "goal_without_measure": "Nothing measures this goal. Give it a metric, or key results.",
    "not_aligned": "This goal hangs under no other. Move it under the goal that it contributes to.",
    "period_over": "The period of this goal is over. Close it, or give it another period.",
}
"""Every hint by its stable code."""


def hints(
    *,
    kind: str,
    focus: str,
    state: str,
    has_metric: bool,
    key_results: int,
    contributing: int,
    aligned: bool,
    owner_has_manager: bool,
    period_over: bool,
) -> list[tuple[str, str]]:
    """Codes and details of what fits a goal now; none for a goal that is neither open nor a draft.

    `key_results` of its `contributing` children hang under it, accepted; `aligned`: it hangs under a parent, or
    proposes to; `period_over`: the last day lies before today.
    """
    if state not in ("draft", "open"):
        return []
    objective = kind == "objective"
    found = {
        "objective_without_key_results": objective and key_results == 0,
        "fewer_than_three_key_results": objective and 0 < key_results < FEWEST,
        "too_many_key_results": objective and key_results > MOST,
        "goal_without_measure": not has_metric and contributing == 0,
        "not_aligned": focus == "business" and not aligned and owner_has_manager,
        "period_over": period_over,
    }
    return [(code, DETAILS[code]) for code, holds in found.items() if holds]
