"""Who may do what, judged from tables that services write as data: what no rule allows is denied. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain

_ROUTE = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE) /[^\s|]*")
_NAME = re.compile(r"[a-z][a-z0-9_.-]*")


@dataclass(frozen=True)
class Rule:
    """Allows an action to any relation or role in `allow`, where each attribute in `when` has one of its values.

    Several rules of one action are alternatives. Raises ValueError for a rule that allows nobody.
    """

    action: str
    allow: tuple[str, ...]
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _allowed: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lists = [self.allow, *self.when.values()]
        # A forgotten comma makes a string of a tuple, and a string's letters would be its elements.
        if not all(isinstance(names, tuple) and names for names in lists):
            raise ValueError(f"{self.action}: allow and the values of when are tuples with at least one name")
        for name in (self.action, *self.when, *chain.from_iterable(lists)):
            if not _NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no name of an action, relation, attribute or value")
        object.__setattr__(self, "_allowed", frozenset(self.allow))

    def holds(self, relations: Collection[str], attributes: Mapping[str, str]) -> bool:
        """Whether this rule allows its action; an attribute that is not given has no value."""
        # Asked that way round, a string given for the relations is its letters, never a match within it.
        if self._allowed.isdisjoint(relations):
            return False
        return all(attributes.get(name) in values for name, values in self.when.items())


@dataclass(frozen=True)
class Policy:
    """A service's table of rules, and which action each of its routes (`"POST /goals"`) stands for.

    Raises ValueError for a route that is none, or one whose action no rule allows to anybody.
    """

    service: str
    rules: tuple[Rule, ...]
    routes: Mapping[str, str] = field(default_factory=dict)
    _by_action: Mapping[str, tuple[Rule, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_action: dict[str, tuple[Rule, ...]] = {}
        for rule in self.rules:
            by_action[rule.action] = (*by_action.get(rule.action, ()), rule)
        object.__setattr__(self, "_by_action", by_action)
        for route, action in self.routes.items():
            if not _ROUTE.fullmatch(route):
                raise ValueError(f"{route!r} is no route: write the method, a space and the path")
            if action not in by_action:
                raise ValueError(f"{route}: no rule allows {action}")

    @property
    def actions(self) -> tuple[str, ...]:
        """Every action that a rule speaks of, in order of mention."""
        return tuple(self._by_action)

    def decide(self, action: str, relations: Collection[str], attributes: Mapping[str, str]) -> bool:
        """Whether who has these relations and roles may do this to a thing with these attributes. Unknown: no."""
        return any(rule.holds(relations, attributes) for rule in self._by_action.get(action, ()))

    def allowed(
        self, actions: Iterable[str], relations: Collection[str], attributes: Mapping[str, str]
    ) -> tuple[str, ...]:
        """Those of the actions that are allowed, in the given order."""
        return tuple(action for action in actions if self.decide(action, relations, attributes))


def matrix(policies: Iterable[Policy]) -> str:
    """The access matrix as markdown: for every service its actions by relation or role, then its routes."""
    return "\n".join(line for policy in policies for line in _section(policy))


def _section(policy: Policy) -> list[str]:
    names = tuple(dict.fromkeys(name for rule in policy.rules for name in rule.allow))
    actions = (_cells(policy, action, names) for action in policy.actions)
    lines = [f"## {policy.service}", "", *_table(("action", *names), actions)]
    if policy.routes:
        rows = ((f"`{route}`", f"`{action}`") for route, action in policy.routes.items())
        lines += ["", *_table(("route", "action"), rows)]
    return [*lines, ""]


def _cells(policy: Policy, action: str, names: tuple[str, ...]) -> tuple[str, ...]:
    rules = policy._by_action[action]
    return (f"`{action}`", *("; ".join(_condition(rule) for rule in rules if name in rule.allow) for name in names))


def _condition(rule: Rule) -> str:
    return " and ".join(f"{name} is {' or '.join(values)}" for name, values in rule.when.items()) or "yes"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [head, tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]
