import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _settings_of_this_test_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the pseudonym key of the person running the tests out of them."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("KLANKBORD_")]:
        if name != "KLANKBORD_UPDATE_GOLDEN":
            del os.environ[name]
    os.environ["KLANKBORD_KEY_FILE"] = str(tmp_path_factory.mktemp("key") / "pseudonym.key")
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The top of the project."""
    return Path(__file__).resolve().parent.parent
