"""One figure of the bench of the app, and the goal that it is held against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`at` is the length of the transcript in lines, or the number of files, where the figure is one of a row.

    A name of three parts says what was measured, of what, and how; one of two parts what, and of what.
    """

    name: str
    value: float
    unit: str
    goal: float | None = None
    at: int | None = None

    @property
    def is_met(self) -> bool | None:
        """None without a goal; less is always better here."""
        return None if self.goal is None else self.value <= self.goal

    @property
    def parts(self) -> tuple[str, str, str]:
        """The parts of its name; empty where it has less."""
        what, of, how = (*self.name.split(", ", 2), "", "")[:3]
        return what, of, how

    @property
    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "goal": self.goal,
            "is_met": self.is_met,
            "at": self.at,
        }
