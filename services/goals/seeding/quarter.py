"""The demonstration tenant's goals half-way through their quarter, told as the facts that would have led there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial, reduce
from typing import Any, cast

from libs.events.declare import Aggregate
from libs.events.envelope import Fact
from libs.events.handle import NewStream
from services.goals.domain import commands, decide
from services.goals.domain.commands import AddMilestone, Agree, CloseGoal, CreateGoal, MetricSpec, RecordCheckIn
from services.goals.domain.state import COMMENT, FOLLOW, GOAL, SUPPORT, Goal
from services.goals.seeding import material
from services.goals.seeding.material import PLANS, Plan

WEEKS = 7
BEGAN, ENDS = 49, 41
"""How many days ago the quarter began, and how many are left."""
AGREEING, PLANNING, SAID = 46, 44, 2
"""How many days ago people agreed, set milestones, spoke."""
ON_TRACK, DELAYED = 0.35, 0.25
"""From which part of the way on, half-way through, its owner calls a goal on track, or at least delayed."""


class _Story:
    """Collects what happens when, then lets it happen in order of time; deciders decide here as for anybody."""

    def __init__(
        self,
        ids: Mapping[str, str],
        managers: Mapping[str, str | None],
        units: Mapping[str, str | None],
        now: datetime,
        new_id: Callable[[], str],
    ) -> None:
        self.ids, self.managers, self.units, self.now, self.new_id = ids, managers, units, now, new_id
        self.goals: dict[str, Goal] = {}
        self.told: list[NewStream] = []
        self._steps: list[tuple[datetime, Callable[[datetime], object]]] = []

    def later(self, days_ago: float, step: Callable[[datetime], object], minutes: int = 0) -> None:
        """Some days ago, at a minute of that day, this happens."""
        self._steps.append((self.now - timedelta(days=days_ago, hours=2) + timedelta(minutes=minutes), step))

    def tell(self) -> list[NewStream]:
        """All of it, in order of time."""
        for at, step in sorted(self._steps, key=lambda one: one[0]):
            step(at)
        return self.told

    def state(
        self, aggregate: Aggregate[Any], id: str, before: Any, by: str, at: datetime, facts: Sequence[Any]
    ) -> Any:
        """Somebody states facts, which continue what was before."""
        if not facts:
            return before
        actor, stream = self.ids[by], f"demo/{aggregate.kind}/{id}"
        self.told.append(NewStream(aggregate.kind, id, before.version, tuple(facts), actor, at))
        numbered = enumerate(facts, before.version + 1)
        return reduce(aggregate.fold, (_fact(one, stream, number, actor, at) for number, one in numbered), before)

    def goal(self, key: str, by: str, at: datetime, decided: Callable[[Goal], Sequence[Any]]) -> None:
        """Somebody does something with a goal."""
        before = self.goals[key]
        self.goals[key] = self.state(GOAL, before.id, before, by, at, decided(before))


def quarter(
    ids: Mapping[str, str],
    managers: Mapping[str, str | None],
    units: Mapping[str, str | None],
    now: datetime,
    new_id: Callable[[], str],
) -> list[NewStream]:
    """All goals and what happened to them, in order of time.

    By a person's key, `ids` gives their id, `managers` their manager's key, `units` the id of their unit.
    """
    story = _Story(ids, managers, units, now, new_id)
    for number, plan in enumerate(PLANS):
        story.later(BEGAN, partial(_set, story, plan), minutes=number)
        if plan.went is not None and plan.key not in material.DRAFT:
            for week in range(1, WEEKS + 1):
                story.later(7 * (WEEKS - week), partial(_check_in, story, plan, week), minutes=number)
    for key in (*material.AGREED, material.WAITING):
        story.later(AGREEING, partial(_agree, story, key))
    for number, (key, title, due, reached) in enumerate(material.MILESTONES):
        story.later(PLANNING, partial(_milestone, story, key, title, due, new_id()), minutes=number)
        if reached:
            story.later(-due, partial(_reach, story, key, number))
    for key, by, text in material.COMMENTS:
        story.later(SAID, partial(_comment, story, key, by, text))
    for key, by in material.FOLLOWS:
        story.later(PLANNING, partial(_follow, story, key, by))
    for key in material.CLOSED:
        # Today, when the last check-ins are in.
        story.later(0, partial(_close, story, key), minutes=100)
    return story.tell()


def _set(story: _Story, plan: Plan, at: datetime) -> None:
    parent = story.goals[plan.under] if plan.under is not None else None
    command = CreateGoal(
        title=plan.title,
        kind=cast(commands.Kind, plan.kind),
        owner_id=story.ids[plan.owner],
        unit_id=story.units[plan.owner] if plan.of_unit else None,
        parent_id=parent.id if parent is not None else None,
        contributor_ids=tuple(story.ids[key] for key in plan.contributors),
        weight=Decimal(plan.weight),
        period=(at.date(), (story.now + timedelta(days=ENDS)).date()),
        metric=MetricSpec(Decimal(plan.metric[0]), Decimal(plan.metric[1]), plan.metric[2]) if plan.metric else None,
        commitment=cast(commands.Commitment, plan.commitment),
        focus=cast(commands.Focus, plan.focus),
        labels=plan.labels,
        check_in_every="week" if plan.went is not None else None,
        draft=plan.key in material.DRAFT,
    )
    facts = decide.create_goal(command, parent, "proposed" if plan.key in material.PROPOSED else "accepted")
    story.goals[plan.key] = story.state(GOAL, story.new_id(), GOAL.initial, plan.owner, at, facts)


def _check_in(story: _Story, plan: Plan, week: int, at: datetime) -> None:
    """One a week; the way gone grows to where the plan says."""
    went = plan.went or 0.0
    gone, last = Decimal(str(round(went * week / WEEKS, 3))), WEEKS - week
    check_in_id, author = story.new_id(), story.ids[plan.owner]
    asks, text = material.ASKS_FOR_SUPPORT
    command = RecordCheckIn(
        goal_id=story.goals[plan.key].id,
        status="on_track" if went >= ON_TRACK else "delayed" if went >= DELAYED else "off_track",
        value=_value(plan, gone),
        progress=None if plan.metric else gone,
        note=plan.notes[-1 - last] if last < len(plan.notes) else None,
        support_needed=text if plan.key == asks and last == 0 else None,
    )
    story.goal(
        plan.key, plan.owner, at, lambda goal: decide.record_check_in(goal, command, check_in_id, author, at.date())
    )
    request = decide.request_support(
        SUPPORT.initial,
        goal_id=command.goal_id,
        check_in_id=check_in_id,
        author_id=author,
        text=command.support_needed,
    )
    story.state(SUPPORT, check_in_id, SUPPORT.initial, plan.owner, at, request)


def _value(plan: Plan, gone: Decimal) -> Decimal | None:
    if plan.metric is None:
        return None
    start, target = Decimal(plan.metric[0]), Decimal(plan.metric[1])
    return (start + (target - start) * gone).quantize(Decimal("0.01"))


def _agree(story: _Story, key: str, at: datetime) -> None:
    owner = _plan(key).owner
    steps: list[tuple[str, commands.AgreementAction, decide.Part]] = [(owner, "propose", "owner")]
    manager = story.managers[owner]
    if manager is not None and key != material.WAITING:
        steps.append((manager, "agree", "manager"))
    for by, action, part in steps:
        decided = partial(
            decide.agree,
            command=Agree(goal_id=story.goals[key].id, action=action),
            author_id=story.ids[by],
            part=part,
            has_manager=manager is not None,
        )
        story.goal(key, by, at, decided)


def _milestone(story: _Story, key: str, title: str, due: int, milestone_id: str, at: datetime) -> None:
    owner = _plan(key).owner
    due_on = (story.now + timedelta(days=due)).date()
    command = AddMilestone(goal_id=story.goals[key].id, title=title, due_on=due_on)
    story.goal(key, owner, at, lambda goal: decide.add_milestone(goal, command, milestone_id, story.ids[owner]))


def _reach(story: _Story, key: str, number: int, at: datetime) -> None:
    title = material.MILESTONES[number][1]
    [milestone] = [one for one in story.goals[key].milestones if one.title == title]
    story.goal(key, _plan(key).owner, at, lambda goal: decide.reach_milestone(goal, milestone.id, at.date()))


def _comment(story: _Story, key: str, by: str, text: str, at: datetime) -> None:
    goal = story.goals[key]
    said = decide.add_comment(goal, commands.Comment(goal_id=goal.id, text=text), story.ids[by])
    story.state(COMMENT, story.new_id(), COMMENT.initial, by, at, said)


def _follow(story: _Story, key: str, by: str, at: datetime) -> None:
    goal, person = story.goals[key], story.ids[by]
    story.state(FOLLOW, f"{goal.id}.{person}", FOLLOW.initial, by, at, decide.follow_goal(FOLLOW.initial, goal, person))


def _close(story: _Story, key: str, at: datetime) -> None:
    owner = _plan(key).owner
    command = CloseGoal(goal_id=story.goals[key].id, score=Decimal("0.8"), reflection="Five minutes, on most days.")
    story.goal(key, owner, at, lambda goal: decide.close_goal(goal, command, story.ids[owner], None))


def _plan(key: str) -> Plan:
    return next(plan for plan in PLANS if plan.key == key)


def _fact(event: Any, stream: str, version: int, actor: str, at: datetime) -> Fact[Any]:
    return Fact(event, "", type(event).__name__, stream, version, "demo", "goals", at, actor, 0)
