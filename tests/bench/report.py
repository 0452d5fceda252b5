"""What a run found, as two small tables: ratios beside their targets, then figures for information."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.rounds import Compared


@dataclass(frozen=True)
class Ratio:
    """A target of the project and what was reached; `method` is one line that also says the sizes."""

    what: str
    reached: str
    target: str
    met: bool
    spread: str
    figures: str
    method: str


@dataclass(frozen=True)
class Figure:
    """One figure that has no target."""

    what: str
    value: str
    method: str


Finding = Ratio | Figure


def times(what: str, found: Compared, least: float, unit: str, method: str) -> Ratio:
    """`first` should be at least `least` times `second`."""
    return Ratio(
        what,
        f"{found.ratio:.2f} x",
        f"≥ {least:g} x",
        found.ratio >= least,
        f"{found.lowest:.2f} to {found.highest:.2f}",
        f"{found.first:,.0f} against {found.second:,.0f} {unit}",
        method,
    )


def cost(what: str, found: Compared, most: float, unit: str, method: str) -> Ratio:
    """`first` is with and `second` without: at most the share `most` may be lost."""
    return Ratio(
        what,
        f"{1 - found.ratio:.1%}",
        f"≤ {most:.0%}",
        1 - found.ratio <= most,
        f"{1 - found.highest:.1%} to {1 - found.lowest:.1%}",
        f"{found.first:,.0f} against {found.second:,.0f} {unit}",
        method,
    )


def within(what: str, found: Compared, most: float, figures: str, method: str) -> Ratio:
    """`first` should take at most `most` times as long as `second`."""
    spread = f"{found.lowest:.2f} to {found.highest:.2f}"
    return Ratio(what, f"{found.ratio:.2f} x", f"≤ {most:g} x", found.ratio <= most, spread, figures, method)


def below(what: str, value: float, most: float, unit: str, figures: str, method: str) -> Ratio:
    """A value of this very machine that should stay below a bound."""
    return Ratio(what, f"{value:,.0f} {unit}", f"< {most:,.0f} {unit}", value < most, "", figures, method)


def show(findings: Sequence[Finding]) -> None:
    """Prints both tables, each followed by how its figures came about."""
    ratios = [one for one in findings if isinstance(one, Ratio)]
    figures = [one for one in findings if isinstance(one, Figure)]
    if ratios:
        head = ("target", "reached", "wanted", "", "rounds", "figures (medians)")
        rows = [
            (one.what, one.reached, one.target, "met" if one.met else "MISSED", one.spread, one.figures)
            for one in ratios
        ]
        _table(head, rows)
        _methods(ratios)
    if figures:
        _table(("for information", "measured"), [(one.what, one.value) for one in figures])
        _methods(figures)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, cells)) for cells in zip(head, *rows, strict=True)]
    for cells in (head, tuple("-" * width for width in widths), *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    print()


def _methods(findings: Sequence[Finding]) -> None:
    for one in findings:
        print(f"  {one.what}: {one.method}")
    print()
