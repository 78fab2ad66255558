"""What every page knows of the academy, kept in memory and read anew when it changes."""

import threading
from dataclasses import dataclass

from xingtan.domains.identity import api as identity
from xingtan.infra.db import Database
from xingtan.web.language import Language


@dataclass(frozen=True, slots=True)
class AcademyHead:
    """The academy as templates see it, in one language."""

    name: str
    tagline: str
    currency: str
    time_zone: str
    accent: str


class AcademyMemory:
    """The academy's row, read once and forgotten upon `forget`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = threading.Lock()
        self._view: identity.AcademyView | None = None

    def current(self) -> identity.AcademyView | None:
        """Return the academy, or None before its first day."""
        view = self._view
        if view is None:
            with self._guard, self._database.reading() as session:
                view = self._view = identity.academy(session)
        return view

    def forget(self) -> None:
        """Read it anew at the next question."""
        self._view = None

    def language(self) -> Language:
        """Return the academy's own language."""
        view = self.current()
        return "zh" if view is None or view.language == "zh" else "en"

    def view(self, language: Language) -> AcademyHead:
        """Return the academy as templates see it."""
        view = self.current()
        if view is None:
            return AcademyHead("杏坛" if language == "zh" else "Xingtan", "", "CNY", "UTC", "apricot")
        return AcademyHead(
            view.name.get(language) or next(iter(view.name.values()), "Xingtan"),
            view.tagline.get(language, ""),
            view.currency,
            view.time_zone,
            view.accent,
        )
