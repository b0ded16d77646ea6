"""`klankbord review`: the page on which people judge what was found."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import signal
import sys
from collections.abc import Iterator

import typer

from klankbord.cli.output import data, note, report_bug
from klankbord.cli.workspaces import WORKSPACE, open_workspace
from klankbord.errors import KlankbordError, MissingExtraError
from klankbord.location import Location


def review(
    *,
    workspace: Location = WORKSPACE,
    port: int = typer.Option(0, "--port", min=0, max=65535, help="Port to use; 0 is a free one."),
    host: str = typer.Option("127.0.0.1", "--host", help="Address of this computer to listen on."),
    allow_remote: bool = typer.Option(
        False, "--allow-remote", help="Also listen on an address that other computers reach."
    ),
    by: str = typer.Option(
        "", "--by", help="Your name, kept beside your judgements; asked once if not given."
    ),
    open_browser: bool = typer.Option(True, "--open/--no-open", help="Open it in your browser."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No notes."),
) -> None:
    """Judge tone drops on a local page: the whole story of each, one key to confirm or dismiss.

    The address works once, in one browser; press Enter for another one, stop with Ctrl+C.

    Example: klankbord review --by "Anna de Vries"
    """
    from klankbord.settings import load_settings

    address = _checked(host, allow_remote=allow_remote)
    if not address.is_loopback:
        note("what goes over the network is not encrypted: rather use --host 127.0.0.1 and a "
             "tunnel (ssh -L), or a proxy with TLS", quiet=False)  # fmt: skip
    try:
        from klankbord.review.app import serve
        from klankbord.review.pages.entry import clean_name
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("klankbord"):
            raise
        raise MissingExtraError(
            "the review page needs a few more packages", hint="pip install 'klankbord[review]'"
        ) from None

    visits: list[str] = []

    def announce(visit: str) -> None:
        data(visit)
        sys.stdout.flush()
        if open_browser and not visits:
            import webbrowser

            webbrowser.open(visit)
        visits.append(visit)

    with open_workspace(workspace) as store:
        note("reading the workspace; the address below works once", quiet=quiet)
        serve(
            store,
            load_settings(),
            host=str(address),
            port=port,
            by=clean_name(by),
            announce=announce,
            on_bug=report_bug,
            asks=_pressed_enter(),
        )


def _pressed_enter() -> Iterator[bytes]:
    """Return something that yields whenever somebody presses Enter in the terminal, if any."""
    if sys.stdin is None or not sys.stdin.isatty():
        return iter(())
    if hasattr(signal, "SIGTTIN"):  # in the background reading fails; it must not stop the site
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    return _lines(sys.stdin.fileno())


def _lines(terminal: int) -> Iterator[bytes]:
    """Yield lines; unlike a read of `sys.stdin` this holds no lock when the program ends."""
    with contextlib.suppress(OSError):
        while line := os.read(terminal, 1024):
            yield line


def _checked(host: str, *, allow_remote: bool) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the address to listen on; raises KlankbordError for one that is not to be used."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise KlankbordError(
            "--host takes an address such as 127.0.0.1", hint="leave --host away"
        ) from None
    if not address.is_loopback and not allow_remote:
        raise KlankbordError(
            "other computers could reach this address",
            hint="leave --host away, or add --allow-remote if that is what you want",
        )
    if address.is_unspecified:
        raise KlankbordError(
            "--host must be the one address that people visit", hint="--host 192.168.1.20"
        )
    return address
