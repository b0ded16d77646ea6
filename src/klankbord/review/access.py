"""Who may come in: one-time tokens, and sessions that expire."""

from __future__ import annotations

import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

IDLE_SECONDS = 60 * 60.0
LONGEST_SECONDS = 12 * 60 * 60.0
UNUSED_SECONDS = 15 * 60.0
MOST_TOKENS = 20
MOST_FAILURES, FAILURE_SECONDS = 5, 60.0


@dataclass(frozen=True)
class Flash:
    """What the next page tells of what was just done, and how to take it back."""

    text: str
    undo: str = ""  # address to post to; "" where nothing can be undone
    version: int = 0


@dataclass
class Session:
    """One browser that came in with a token; kept in memory only."""

    cookie: str
    form_token: str
    by: str  # name of the reviewer, "" until it is asked
    opened: float
    seen: float
    flash: Flash | None = None
    invitation: str = ""  # address for a colleague that was not shown yet

    def take_flash(self) -> Flash | None:
        """Return what is to be told once, and forget it."""
        told, self.flash = self.flash, None
        return told

    def take_invitation(self) -> str:
        """Return the address to be shown once, and forget it."""
        shown, self.invitation = self.invitation, ""
        return shown


class TooManyFailuresError(Exception):
    """Somebody tried wrong tokens too often; wait a minute."""


@dataclass
class Access:
    """Tokens that open one session each, and the sessions that are open."""

    by: str = ""  # name given to every session, "" to ask
    clock: Callable[[], float] = time.monotonic
    _tokens: dict[str, float] = field(default_factory=dict)  # until when each may be used
    _sessions: dict[str, Session] = field(default_factory=dict)
    _failures: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def new_token(self) -> str:
        """Return a token that opens one session within fifteen minutes.

        Earlier ones stay, so that several colleagues can be invited; the oldest of many end.
        """
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[token] = self.clock() + UNUSED_SECONDS
            while len(self._tokens) > MOST_TOKENS:
                del self._tokens[next(iter(self._tokens))]
        return token

    def enter(self, token: str, client: str) -> tuple[Session | None, bool]:
        """Exchange a token for a session; None, and whether it was one that nobody used in time.

        Raises TooManyFailuresError after five wrong ones of one client within a minute.
        """
        with self._lock:
            now = self.clock()
            recent = [at for at in self._failures.pop(client, ()) if now - at < FAILURE_SECONDS]
            if recent:
                self._failures[client] = recent
            if len(recent) >= MOST_FAILURES:
                raise TooManyFailuresError
            given = token.encode("utf-8", "replace")
            known = [own for own in self._tokens if secrets.compare_digest(own.encode(), given)]
            if not known:
                self._failures[client].append(now)
                return None, False
            if self._tokens.pop(known[0]) < now:
                return None, True
            session = Session(
                secrets.token_urlsafe(32), secrets.token_urlsafe(32), self.by, now, now
            )
            self._sessions[session.cookie] = session
            return session, False

    def session(self, cookie: str) -> tuple[Session | None, bool]:
        """Return the open session of a cookie and whether it had one that has just expired."""
        with self._lock:
            found = self._sessions.get(cookie)
            if found is None:
                return None, False
            now = self.clock()
            if now - found.seen > IDLE_SECONDS or now - found.opened > LONGEST_SECONDS:
                del self._sessions[cookie]
                return None, True
            found.seen = now
            return found, False

    def leave(self, session: Session) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(session.cookie, None)
