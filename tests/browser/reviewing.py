"""A review site on a free port of this computer, with people who visit it."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urldefrag, urlsplit

import pytest

pytest.importorskip("starlette", reason="starlette is not installed: pip install '.[review]'")

from starlette.routing import Match, Route

from klankbord.review.access import Access
from klankbord.review.app import bind, build_app, build_site
from klankbord.review.pages import entry
from klankbord.settings import Settings
from review.conftest import NOW, Review

if TYPE_CHECKING:
    from klankbord.review.site import Site
    from klankbord.store import Workspace

_LINK = re.compile(r'<a\s[^>]*?href="(/[^"]*)"')
MOST_ALIKE = 12  # pages of one kind that are visited, where they are not of one thing each


@dataclass(frozen=True)
class Served:
    """A site that is being served, with its clock and what it told."""

    site: Site
    clock: list[float]
    told: list[str]
    bugs: list[Exception]

    @property
    def root(self) -> str:
        """The address that every page of the site begins with."""
        return f"http://{self.site.host}"


@contextmanager
def served(store: Workspace, settings: Settings | None = None) -> Iterator[Served]:
    """Serve the review of `store` in a thread, as `klankbord review` does."""
    server, listening, host = bind("127.0.0.1", 0)
    one = made(store, host, settings)
    server.config.app = build_app(one.site)
    listening.listen()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        server.should_exit = server.force_exit = True
        thread.join(20)
        one.site.pictures.close()


def made(store: Workspace, host: str, settings: Settings | None = None) -> Served:
    """Return a site whose clock stands still until somebody moves it."""
    clock: list[float] = [0.0]
    told: list[str] = []
    bugs: list[Exception] = []
    site = build_site(
        store,
        settings or Settings(),
        host=host,
        access=Access(clock=lambda: clock[0]),
        announce=told.append,
        on_bug=bugs.append,
        now=lambda: NOW,
    )
    return Served(site, clock, told, bugs)


@dataclass(frozen=True)
class Kind:
    """What pages have in common that differ only in what they are about."""

    route: str
    asked: frozenset[str]  # names in the query
    one_thing: bool  # the route names what the page is about

    @classmethod
    def of(cls, site: Site, address: str) -> Kind:
        """Return the kind of the page at an address of the site."""
        path = route_of(site, address)
        return cls(path, frozenset(dict(parse_qsl(urlsplit(address).query))), "{" in path)


def route_of(site: Site, address: str) -> str:
    """Return the path of the route that an address leads to; fails where it leads nowhere."""
    scope = {"type": "http", "path": urlsplit(address).path, "method": "GET", "root_path": ""}
    listed = (*entry.ROUTES, *(route for page in site.pages for route in page.routes))
    for route in (Route("/", str), *listed):
        if isinstance(route, Route) and route.matches(scope)[0] is Match.FULL:
            return route.path
    raise AssertionError(f"a link to nowhere: {address}")


def crawled(
    site: Site,
    read: Callable[[str], str],
    *,
    some: Callable[[str], bool] = lambda _: True,
    most_alike: int = MOST_ALIKE,
) -> Mapping[str, str]:
    """Follow every link from the start page; return what `read` gives of each address.

    Of a page about one thing the query is left away, and `some` tells which of these to read. Of
    other pages that differ only in what is asked of them at most `most_alike` are read, and one
    where two things are asked at once.
    """
    queue, seen = ["/", "/name"], set()
    counts: Counter[Kind] = Counter()
    pages: dict[str, str] = {}
    while queue:
        address = urldefrag(queue.pop(0)).url
        if address in seen:
            continue
        seen.add(address)
        kind = Kind.of(site, address)
        if kind.one_thing:
            bare = urlsplit(address).path
            if bare != address or not some(address):
                queue += [bare] if bare != address else []
                continue
        elif counts[kind] >= (most_alike if len(kind.asked) < 2 else 1):
            continue
        counts[kind] += 1
        pages[address] = read(address)
        queue += [unescape(link) for link in _LINK.findall(pages[address])]
    return pages


def few(address: str) -> bool:
    """Whether the page is about one of the first two things that were planted."""
    return number_in(address) <= 2


def number_in(address: str) -> int:
    """Return the number that is planted in the id of what a page is about."""
    found = re.search(r"\d+", address)
    return int(found[0]) if found else 0


def visitor(served: Served, by: str = "Anna") -> Callable[[str], str]:
    """Return how somebody reads pages of the site, without a browser."""
    client = Review(served.site, served.clock).browser(by=by)

    def read(address: str) -> str:
        answer = client.get(address)
        assert answer.status_code == 200, address
        return answer.text

    return read
