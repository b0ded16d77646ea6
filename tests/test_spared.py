"""Packages that libraries would load for nothing."""

import sys
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module

import pytest

from klankbord.spared import OWN_PROCESS, without

PACKAGE = "this"  # of the standard library, and loaded by nobody


@pytest.fixture
def not_loaded(monkeypatch):
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    yield
    sys.modules.pop(PACKAGE, None)


def test_a_package_is_hidden_in_the_block_and_from_its_thread_only(not_loaded, monkeypatch):
    monkeypatch.setenv(OWN_PROCESS, "1")
    finders = list(sys.meta_path)
    with without(PACKAGE):
        with pytest.raises(ImportError):
            import_module(PACKAGE)
        import_module("wave")  # others are found
        with ThreadPoolExecutor(1) as other:
            assert other.submit(import_module, PACKAGE).result().__name__ == PACKAGE
    assert sys.meta_path == finders


def test_nothing_is_hidden_from_the_program_of_somebody_else(not_loaded, monkeypatch):
    monkeypatch.delenv(OWN_PROCESS, raising=False)
    with without(PACKAGE):
        assert import_module(PACKAGE).__name__ == PACKAGE


def test_a_package_that_is_loaded_stays(not_loaded, monkeypatch):
    monkeypatch.setenv(OWN_PROCESS, "1")
    loaded = import_module(PACKAGE)
    with without(PACKAGE):
        assert import_module(PACKAGE) is loaded
