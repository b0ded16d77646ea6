"""Where the bundled models and the demonstration live, installed or in a checkout."""

from __future__ import annotations

from pathlib import Path

from klankbord.errors import KlankbordError

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def bundled(relative: str) -> Path:
    """Return the path of a bundled file or folder, such as `models/encoder-static`.

    A wheel carries `models/` and `corpora/demo/` under `klankbord/bundled/`; an editable
    install finds them at the top of the checkout.
    """
    for root in (_PACKAGE / "bundled", _CHECKOUT):
        path = root / relative
        if path.exists():
            return path
    raise KlankbordError(
        f"bundled '{relative}' is missing from this installation",
        hint="reinstall klankbord: pip install --force-reinstall klankbord",
    )
