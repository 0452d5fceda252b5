"""The demonstration tenant's goals as data: four levels, from what the company wants to what somebody does about it."""

from __future__ import annotations

from typing import NamedTuple


class Plan(NamedTuple):
    """A goal of the quarter. `went` is the part of the way gone so far: behind or ahead of where the time is.

    `metric` is start, target, unit; a goal without one reports `went` itself, an objective gets its number from below.
    `notes` go with the last check-ins, `weight` says how much it counts above.
    """

    key: str
    under: str | None
    owner: str
    title: str
    kind: str = "key_result"
    metric: tuple[str, str, str] | None = None
    went: float | None = None
    weight: int = 1
    commitment: str = "aspirational"
    focus: str = "business"
    visibility: str | None = None
    labels: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def of_unit(self) -> bool:
        """Whether it belongs to its owner's unit: objectives and key results do, what somebody wants to do does not."""
        return self.kind != "smart" and self.focus == "business"


def _objective(key: str, under: str | None, owner: str, title: str, weight: int = 1) -> Plan:
    return Plan(key, under, owner, title, "objective", weight=weight)


def _smart(key: str, under: str | None, owner: str, title: str, metric: tuple[str, str, str], went: float) -> Plan:
    return Plan(key, under, owner, title, "smart", metric, went)


_COMPANY = (
    _objective("recommend", None, "nora", "Customers recommend us"),
    _objective("rely", None, "nora", "A product that teams rely on"),
    _objective("grow", None, "nora", "Grow with the customers that fit us"),
    _objective("stay", None, "nora", "A place where people stay and grow"),
)

_SERVICE = (
    _objective("first-time", "recommend", "maya", "Customer service that solves it the first time", 3),
    Plan(
        "escalations",
        "first-time",
        "maya",
        "20 % fewer escalations",
        metric=("50", "40", "escalations a week"),
        went=0.6,
        labels=("service", "quality"),
        contributors=("tomas",),
        notes=("Routing went live on Tuesday.", "Second-level support now takes part in the morning round."),
    ),
    Plan(
        "interactions",
        "first-time",
        "sam",
        "15 % fewer interactions per ticket",
        metric=("4", "3.4", "interactions"),
        went=0.15,
        labels=("service",),
        contributors=("leila",),
        notes=("Customers ask twice about the same form.", "The form is rewritten, the numbers should follow."),
    ),
    Plan(
        "peer-rating",
        "first-time",
        "sam",
        "A peer rating of 4.5 out of 5",
        metric=("3.9", "4.5", "points"),
        went=0.5,
        labels=("service", "team"),
        notes=("Pairing on difficult tickets helps both sides.",),
    ),
    _objective("within-a-day", "first-time", "tomas", "Second level answers within the day", 2),
    Plan("backlog", "within-a-day", "tomas", "No ticket older than a day", metric=("120", "0", "tickets"), went=0.45),
    Plan("handover", "within-a-day", "jonas", "Half as many handovers", metric=("30", "15", "a week"), went=0.4),
    _smart("playbooks", "within-a-day", "petra", "Write the ten playbooks asked for most", ("0", "10", "books"), 0.7),
    _smart("alerts", "within-a-day", "omar", "Cut false alerts by two thirds", ("60", "20", "alerts a week"), 0.2),
    _smart("forms", "first-time", "leila", "Rewrite the five forms that confuse most", ("0", "5", "forms"), 0.4),
    _smart("weekend", "first-time", "ben", "Cover weekends without overtime", ("40", "0", "hours a month"), 0.5),
    Plan("voice", "recommend", "kim", "Talk to forty customers", metric=("0", "40", "talks"), went=0.55),
)

_ENGINEERING = (
    _objective("no-surprises", "rely", "ines", "Releases without surprises", 2),
    _objective("fast-restore", "no-surprises", "jon", "Back within minutes when something breaks"),
    Plan("restore", "fast-restore", "lukas", "Restore in 15 minutes", metric=("90", "15", "minutes"), went=0.5),
    Plan("drills", "fast-restore", "mei", "A drill every fortnight", metric=("0", "6", "drills"), went=0.5),
    _smart("runbook", "fast-restore", "sofia", "Every service has a runbook", ("4", "18", "runbooks"), 0.35),
    Plan(
        "failures",
        "no-surprises",
        "ines",
        "Half as many failed changes",
        metric=("12", "6", "percent"),
        went=0.3,
        commitment="committed",
    ),
    _objective("easy-start", "rely", "aiko", "A first day that works without help"),
    Plan("activation", "easy-start", "aiko", "Six of ten finish the set-up", metric=("38", "60", "percent"), went=0.6),
    Plan("questions", "easy-start", "hanna", "A third fewer first questions", metric=("90", "60", "a week"), went=0.1),
    _smart("tour", "easy-start", "rafael", "A guided tour in four languages", ("0", "4", "languages"), 0.5),
    _smart("import", "easy-start", "tariq", "Imports finish in five minutes", ("22", "5", "minutes"), 0.75),
)

_SALES = (
    _objective("right-customers", "grow", "victor", "Win the customers we can serve best", 2),
    _objective("enterprise", "right-customers", "grace", "Ten companies that stay for years"),
    Plan("signed", "enterprise", "grace", "Sign ten companies", metric=("0", "10", "companies"), went=0.3),
    _smart("pilots", "enterprise", "paul", "Run six pilots to their end", ("0", "6", "pilots"), 0.5),
    _smart("references", "enterprise", "emma", "Eight customers speak for us", ("2", "8", "references"), 0.35),
    _smart("security", "enterprise", "yusuf", "Answer security reviews in a week", ("21", "7", "days"), 0.6),
    _objective("small", "right-customers", "lena", "Small businesses start by themselves"),
    Plan("self-service", "small", "marco", "Two thirds start alone", metric=("41", "66", "percent"), went=0.4),
    Plan("churn", "small", "chloe", "Lose fewer than two in a hundred", metric=("3.5", "2", "percent"), went=0.2),
    Plan("renewals", "grow", "victor", "Renew nine of ten contracts", metric=("82", "90", "percent"), went=0.5),
)

_PEOPLE = (
    _objective("grow-people", "stay", "ruth", "Everybody has somebody who helps them grow"),
    Plan("one-on-ones", "grow-people", "ruth", "Weekly talks in every team", metric=("55", "95", "percent"), went=0.6),
    _smart("mentors", "grow-people", "nina", "Thirty pairs of mentors", ("6", "30", "pairs"), 0.5),
    Plan("hiring", "stay", "felix", "Fill open places in six weeks", metric=("70", "42", "days"), went=0.45),
)

_OWN = (
    Plan(
        "presenting",
        None,
        "sam",
        "Present a case to the whole department",
        "smart",
        ("0", "3", "talks"),
        0.3,
        focus="development",
    ),
    Plan("running", None, "sam", "Run again", went=0.4, focus="wellbeing"),
    Plan(
        "statistics",
        None,
        "petra",
        "Learn to read our numbers",
        "smart",
        ("0", "8", "lessons"),
        0.6,
        focus="development",
    ),
    Plan("leading", None, "tomas", "Lead without doing it all", went=0.5, focus="development"),
)

PLANS: tuple[Plan, ...] = (*_COMPANY, *_SERVICE, *_ENGINEERING, *_SALES, *_PEOPLE, *_OWN)
"""Every goal, parents before what hangs under them."""

MILESTONES = (
    ("first-time", "New routing is live", -20, True),
    ("first-time", "All agents trained on the new forms", 10, False),
    ("escalations", "Morning round with second level", -12, True),
    ("fast-restore", "First unannounced drill", 14, False),
    ("enterprise", "Security questionnaire published", 5, False),
)
"""Goal, title, due in so many days from today, reached."""

AGREED = ("escalations", "backlog", "failures", "signed", "mentors")
"""Goals that owner and manager agreed on."""
WAITING = "presenting"
"""Sam proposed it; his manager has not answered yet."""
PROPOSED = ("voice",)
"""Goals whose alignment waits for an editor of the goal above."""
ASKS_FOR_SUPPORT = ("interactions", "Somebody from Product for two days, to shorten the form itself.")
"""The goal whose last check-in asks for support, and for what."""
CLOSED = ("import",)
"""Goals that are over already."""
DRAFT = ("runbook",)
"""Goals that are not published yet."""
COMMENTS = (
    ("interactions", "maya", "Shall we look at the three worst tickets together?"),
    ("first-time", "nora", "This is the one that our customers will notice."),
)
FOLLOWS = (("first-time", "nora"), ("enterprise", "nora"), ("escalations", "sam"))
