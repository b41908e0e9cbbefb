"""How bad a finding is."""

from __future__ import annotations

import enum


class Severity(str, enum.Enum):
    """How bad a finding is; only `ERROR` makes a command exit with 1 unless it says otherwise."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    def __str__(self) -> str:
        return self.value

    @property
    def rank(self) -> int:
        """0 for the worst, so that `min` picks it."""
        return list(Severity).index(self)

    def at_most(self, limit: Severity) -> Severity:
        """The milder of the two.

        >>> Severity.ERROR.at_most(Severity.WARNING), Severity.INFO.at_most(Severity.WARNING)
        (<Severity.WARNING: 'warning'>, <Severity.INFO: 'info'>)
        """
        return max(self, limit, key=lambda severity: severity.rank)
