"""What comes with the package: bundled models, the demonstration, and knowledge kept as TOML."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

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


@cache
def toml_beside(package: str, name: str) -> dict[str, Any]:
    """Return the contents of the TOML file `name` in `package`; callers treat it as read-only."""
    return tomllib.loads(files(package).joinpath(name).read_text("utf-8"))
