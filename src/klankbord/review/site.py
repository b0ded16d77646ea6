"""What every page of the review needs."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from klankbord.review.access import Access
from klankbord.review.pictures import Pictures
from klankbord.review.themes import Themes
from klankbord.review.wording import ReviewWording

if TYPE_CHECKING:
    from starlette.routing import Route

    from klankbord.store import Workspace


@dataclass(frozen=True)
class Page:
    """An entry of the menu with the routes behind it; its name is text `nav.<key>`."""

    key: str
    path: str
    routes: tuple[Route, ...]


@dataclass(frozen=True)
class Site:
    """The workspace under review, who may see it, and how things are told."""

    store: Workspace
    access: Access
    t: ReviewWording
    pictures: Pictures
    themes: Themes
    host: str  # the Host header that a browser sends
    pages: tuple[Page, ...]
    now: Callable[[], datetime]
    announce: Callable[[str], None]  # tells the person at the terminal a new address
    on_bug: Callable[[Exception], object]

    @property
    def cookie(self) -> str:
        """Name of the session cookie; cookies do not tell ports apart, so the name does."""
        return f"klankbord-{self.host.rpartition(':')[2]}"

    @property
    def today(self) -> date:
        """The calendar day it is for the people who review."""
        return self.t.local_day(self.now())

    @property
    def on_loopback(self) -> bool:
        """Whether only browsers on this computer reach the site."""
        return ipaddress.ip_address(self.host.rpartition(":")[0].strip("[]")).is_loopback

    def new_address(self) -> str:
        """Return an address with a one-time token."""
        return f"http://{self.host}/enter?token={self.access.new_token()}"

    def invite(self) -> None:
        """Announce a new address with a one-time token."""
        self.announce(self.new_address())
