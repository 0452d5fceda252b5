"""Histories of goals as commands would allow them, drawn step by step: what may happen next follows from the oracle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import strategies as st

from libs.events.catalog import goals as said
from libs.events.envelope import Fact
from libs.events.testing import EPOCH, fact_of
from tests.goals.tree.oracle import Oracle
from tests.goals.tree.world import Goal

WEIGHTS = [Decimal(text) for text in ("1", "0", "2", "0.3", "7")]
DRIVERS = ["manual", "metric", "key_results", "children", "all"]
PAUSES = [timedelta(0), timedelta(seconds=5), timedelta(hours=7), timedelta(days=1), timedelta(days=40)]
MOST_GOALS = 9
OFTEN = {"check_in": 6, "check_in_late": 2, "correct_what_counts": 3, "change": 4, "move": 3, "close": 3, "restore": 2}


def definition(**fields: Any) -> dict[str, Any]:
    """The fields of a plain goal's definition, with some of them set."""
    plain: dict[str, Any] = {
        **{"title": "A goal", "owner_id": "ann", "weight": Decimal(1), "progress_driver": "all", "clamp": True},
        **{"commitment": "aspirational", "focus": "business", "visibility": "public"},
    }
    return plain | fields


class Story:
    """The facts so far, told to an oracle as they come; `step` draws one more."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.one_of = chance.choice
        self.oracle = Oracle()
        self.facts: list[Fact[Any]] = []
        self.time: datetime = EPOCH
        self.versions: dict[str, int] = {}

    def tell(self, id: str, data: Any) -> None:
        """One more fact of a goal."""
        version = self.versions[id] = self.versions.get(id, 0) + 1
        number = len(self.facts) + 1
        fact = fact_of(data, stream=f"acme/goal/{id}", version=version, sequence=number, time=self.time)
        self.facts.append(fact)
        self.oracle.apply(fact)

    def step(self) -> None:
        """One more thing that may happen, to one of the goals that it may happen to."""
        self.time += self.one_of(PAUSES)
        goals = list(self.oracle.goals.values())
        may = [(what, goal) for goal in goals for what in self._may(goal)]
        what: Any
        if not may or (len(goals) < MOST_GOALS and self.chance.randint(0, 3) == 0):
            self.create()
            return
        names = [name for name in sorted({what.__name__ for what, _ in may}) for _ in range(OFTEN.get(name, 1))]
        name = self.one_of(names)
        what, goal = self.one_of([one for one in may if one[0].__name__ == name])
        what(goal)

    def _may(self, goal: Goal) -> list[Callable[[Goal], None]]:
        moving = [self.change, self.transfer, self.move, self.cancel, self.milestone]
        always = [self.comment_on_agreement, self.archive, *([self.detach] if goal.parent_id else [])]
        if goal.alignment == "proposed":
            always += [self.accept, self.decline]
        if goal.state == "draft":
            return [*always, *moving, self.publish]
        if goal.state == "open":
            corrections = [self.correct, self.correct_what_counts] if goal.check_ins else []
            return [*always, *moving, self.check_in, self.check_in_late, *corrections, self.close, self.score]
        return [*always, self.reopen] if goal.state == "closed" else [self.restore]

    # --- what there is ------------------------------------------------------------------------------------------

    def create(self) -> None:
        kind = self.one_of(["objective", "key_result", "smart"])
        metric = self._metric() if self.one_of([True, False]) else None
        parent_id, alignment = self._place(None)
        data = said.GoalCreated(
            **definition(
                visibility=self._visibility(kind, parent_id),
                weight=self.one_of(WEIGHTS),
                metric=metric,
                progress_driver=self.one_of([one for one in DRIVERS if metric or one != "metric"]),
                clamp=self.one_of([True, True, False]),
            ),
            kind=kind,
            parent_id=parent_id,
            alignment=alignment,
            draft=self.one_of([False, False, False, True]),
        )
        self.tell(f"g{len(self.oracle.goals)}", data)

    def change(self, goal: Goal) -> None:
        was = goal.definition
        field = self.one_of(["weight", "driver", "metric", "clamp", "visibility", "period", "commitment", "title"])
        fields: dict[str, Any] = {}
        if field == "weight":
            fields["weight"] = self.one_of(WEIGHTS)
        elif field == "driver":
            fields["progress_driver"] = self.one_of([one for one in DRIVERS if was.metric or one != "metric"])
        elif field == "metric":
            fields["metric"] = self._metric() if was.progress_driver == "metric" or self.one_of([True, False]) else None
        elif field == "clamp":
            fields["clamp"] = not was.clamp
        elif field == "visibility":
            fields["visibility"] = self._visibility(goal.kind, goal.parent_id)
        elif field == "period":
            start = self.time.date()
            fields["period"] = said.Period(start=start, end=start + timedelta(days=self.chance.randint(0, 90)))
        elif field == "commitment":
            fields["commitment"] = self.one_of(["aspirational", "committed"])
        else:
            fields["title"] = self.one_of(["Another title", None])
        self._restate(goal, said.GoalChanged, changed=sorted(fields), **fields)

    def transfer(self, goal: Goal) -> None:
        others = [one for one in ("ann", "bob", "cleo") if one != goal.definition.owner_id]
        more = {"previous_owner_id": goal.definition.owner_id, "author_id": "eva", "reason": "a new team"}
        self._restate(goal, said.GoalTransferred, owner_id=self.one_of(others), **more)

    def _restate(self, goal: Goal, event: type[Any], **fields: Any) -> None:
        same = {name: getattr(goal.definition, name) for name in said.Definition.__struct_fields__}
        self.tell(goal.id, event(**(same | {"weight": goal.weight} | fields)))

    def _metric(self) -> said.Metric:
        start, way = self.one_of([Decimal(50), Decimal(0), Decimal("-2.5")]), self.one_of([10, -20, 1000])
        current = start if self.one_of([True, False]) else start + way / Decimal(4)
        return said.Metric(start=start, target=start + way, current=current, unit="tickets")

    def _visibility(self, kind: str, parent_id: str | None) -> str:
        if kind == "key_result" and parent_id is not None:
            return str(self.oracle.goals[parent_id].definition.visibility)
        return self.one_of(["public", "team", "private"])

    # --- where it hangs -----------------------------------------------------------------------------------------

    def _place(self, goal: Goal | None) -> tuple[str | None, str]:
        """A parent that takes the goal without making a circle, or none; and how it hangs there."""
        under = {goal.id} if goal else set()
        while more := {one.id for one in self.oracle.goals.values() if one.parent_id in under} - under:
            under |= more
        parents = [
            one.id
            for one in self.oracle.goals.values()
            if one.state in ("open", "draft") and one.kind != "key_result" and one.id not in under
        ]
        parent_id = self.one_of([*parents, *parents, None])
        return parent_id, "none" if parent_id is None else self.one_of(["accepted", "accepted", "proposed"])

    def move(self, goal: Goal) -> None:
        parent_id, alignment = self._place(goal)
        weight = self.one_of([goal.weight, *WEIGHTS])
        data = {"parent_id": parent_id, "previous_parent_id": goal.parent_id, "alignment": alignment}
        self.tell(goal.id, said.GoalMoved(weight=weight, visibility=self._seen_then(goal), **data))

    def accept(self, goal: Goal) -> None:
        weight = self.one_of([goal.weight, *WEIGHTS])
        self.tell(goal.id, said.AlignmentAccepted(parent_id=goal.parent_id, weight=weight))

    def decline(self, goal: Goal) -> None:
        self.tell(goal.id, said.AlignmentDeclined(parent_id=goal.parent_id, visibility=self._seen_then(goal)))

    def detach(self, goal: Goal) -> None:
        self.tell(goal.id, said.AlignmentDetached(parent_id=goal.parent_id, visibility=self._seen_then(goal)))

    def _seen_then(self, goal: Goal) -> str | None:
        """What is stated of a key result that hangs elsewhere; nothing in facts of old."""
        return self.one_of(["public", "team", "private", None]) if goal.kind == "key_result" else None

    # --- how it moves -------------------------------------------------------------------------------------------

    def check_in(self, goal: Goal) -> None:
        self._observe(goal, 0)

    def check_in_late(self, goal: Goal) -> None:
        self._observe(goal, self.chance.randint(1, 3))

    def _observe(self, goal: Goal, days_ago: int) -> None:
        data = said.CheckInRecorded(
            check_in_id=f"{goal.id}-c{len(goal.check_ins)}",
            author_id="ann",
            status=self._status(),
            observed_on=self.time.date() - timedelta(days=days_ago),
            **self._number(goal),
        )
        self.tell(goal.id, data)

    def correct(self, goal: Goal) -> None:
        self._correct(goal, self.one_of(list(goal.check_ins.values())))

    def correct_what_counts(self, goal: Goal) -> None:
        self._correct(goal, self.one_of([one for one in (goal.seen, goal.measured) if one is not None]))

    def _correct(self, goal: Goal, one: Any) -> None:
        fields: dict[str, Any] = {}
        if self.one_of([True, False]):
            fields["observed_on"] = self.time.date() - timedelta(days=self.chance.randint(0, 5))
        if self.one_of([True, False]):
            fields["status"] = self._status()
        number = self._number(goal)
        if not number and self.one_of([True, False]):
            fields["cleared"] = ["value", "progress"]
        named = {"check_in_id": one.id, "recorded_version": one.version, "author_id": one.author_id}
        self.tell(goal.id, said.CheckInCorrected(**named, reason="misread", **fields, **number))

    def _status(self) -> str:
        return self.one_of(["on_track", "delayed", "off_track"])

    def _number(self, goal: Goal) -> dict[str, Decimal]:
        if not self.one_of([True, False]):
            return {}
        metric, part = goal.definition.metric, Decimal(self.chance.randint(0, 10)) / 10
        if metric is None:
            return {"progress": part}
        return {"value": metric.start + (metric.target - metric.start) * (2 * part - Decimal("0.4"))}

    # --- how it lives -------------------------------------------------------------------------------------------

    def publish(self, goal: Goal) -> None:
        self.tell(goal.id, said.GoalPublished())

    def close(self, goal: Goal) -> None:
        self._close(goal, None)

    def score(self, goal: Goal) -> None:
        self._close(goal, self.one_of([Decimal("0.7"), Decimal(0), Decimal(1)]))

    def _close(self, goal: Goal, score: Decimal | None) -> None:
        judged = score
        if judged is None:
            # Now and then a check-in came between the judgement and the fact.
            late = self.chance.randint(0, 3) == 0
            judged = Decimal("0.5") if late else Decimal(f"{self.oracle.progress(goal):.9f}")
        self.tell(goal.id, said.GoalClosed(author_id="ann", score=score, judged=judged, outcome="partly"))

    def reopen(self, goal: Goal) -> None:
        self.tell(goal.id, said.GoalReopened(author_id="ann", reason="too early"))

    def cancel(self, goal: Goal) -> None:
        self.tell(goal.id, said.GoalCancelled(author_id="ann", reason="no longer wanted"))

    def archive(self, goal: Goal) -> None:
        self.tell(goal.id, said.GoalArchived())

    def restore(self, goal: Goal) -> None:
        self.tell(goal.id, said.GoalRestored())

    def milestone(self, goal: Goal) -> None:
        self.tell(goal.id, said.MilestoneReached(milestone_id="m1", reached_on=self.time.date()))

    def comment_on_agreement(self, goal: Goal) -> None:
        self.tell(goal.id, said.AgreementProposed(author_id="ann", part="owner", complete=False))


def story_of(chance: Random, length: int) -> Story:
    """A story of so many facts."""
    story = Story(chance)
    for _ in range(length):
        story.step()
    return story


def stories(*, most: int = 40) -> st.SearchStrategy[Story]:
    """Stories of at least a few and at most so many facts; the chance in them is Hypothesis's, to be made smaller."""
    return st.builds(story_of, st.randoms(use_true_random=False), st.integers(3, most))
