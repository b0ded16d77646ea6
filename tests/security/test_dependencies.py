"""The packages that Klankbord needs: all pinned, few, and with licences that fit."""

import importlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version


@pytest.fixture(scope="module")
def script(checkout: Path) -> Iterator[ModuleType]:
    for extra in ("weasyprint", "psycopg", "starlette"):
        pytest.importorskip(extra, reason="pip install -e '.[pdf,postgres,review]'")
    sys.path.insert(0, str(checkout / "scripts"))
    try:
        yield importlib.import_module("dependencies")
    finally:
        sys.path.remove(str(checkout / "scripts"))


@pytest.fixture(scope="module")
def found(script: ModuleType) -> list[Any]:
    return list(script.packages(script.rules()))


def test_all_of_them_fit(script: ModuleType, found: list[Any]) -> None:
    assert list(script.problems(found, script.rules())) == []
    assert {"torch", "spacy", "sqlalchemy", "psycopg", "weasyprint"} <= {one.name for one in found}
    assert not {"pytest", "mypy", "ruff"} & {one.name for one in found}
    assert all(one.version and one.licence for one in found)


def test_what_a_cluster_needs_fits_and_is_pinned(script: ModuleType, checkout: Path) -> None:
    """It is not counted among the packages that people install: most never will."""
    pytest.importorskip("distributed", reason="pip install -e '.[cluster]'")
    rules = script.rules()
    rules |= {"extras": [*rules["extras"], "cluster"], "most": 80}
    found = script.packages(rules)
    assert "distributed" in {one.name for one in found}
    assert list(script.problems(found, rules)) == []
    lines = (checkout / "scripts/constraints.txt").read_text("utf-8").splitlines()
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines}
    assert {one.name for one in found} - {"setuptools"} <= pinned


@pytest.mark.parametrize(
    "licence", ["", "GPL-3.0-only", "AGPL-3.0-or-later", "MIT AND GPL-2.0-only", "SSPL-1.0",
                "LGPL-3.0-only", "LicenseRef-Eigen"],
)  # fmt: skip
def test_a_licence_that_does_not_fit_is_told(
    licence: str, script: ModuleType, found: list[Any]
) -> None:
    spoiled = [replace(found[0], licence=licence), *found[1:]]
    (told,) = script.problems(spoiled, script.rules())
    assert told.startswith(found[0].name)


def test_a_choice_of_licences_fits_where_one_does(script: ModuleType) -> None:
    allowed = script.rules()["allowed"]
    assert script.fits("GPL-2.0-only OR MIT", allowed)
    assert script.fits("(Apache-2.0 AND MIT) OR GPL-3.0-only", allowed)
    assert not script.fits("MIT AND (GPL-2.0-only)", allowed)


def test_too_many_packages_are_told(script: ModuleType, found: list[Any]) -> None:
    more = [replace(found[0], name=f"x{at}", licence="MIT", required=False) for at in range(60)]
    assert any("more than 60" in told for told in script.problems([*found, *more], script.rules()))


def test_every_decision_is_about_a_package_that_is_there(
    script: ModuleType, found: list[Any]
) -> None:
    names = {one.name for one in found}
    for name, decided in script.rules()["decided"].items():
        assert name in names
        assert decided["because"]


def test_the_versions_are_pinned(checkout: Path, found: list[Any]) -> None:
    lines = (checkout / "scripts/constraints.txt").read_text("utf-8").splitlines()
    pinned = {}
    for line in lines:
        if line and not line.startswith("#"):
            asked = Requirement(line)
            (only,) = asked.specifier
            assert only.operator == "==", line
            pinned[canonicalize_name(asked.name)] = Version(only.version)
    for package in found:
        if package.name != "setuptools":  # comes with the environment
            assert pinned.get(package.name) == Version(Version(package.version).public), package


def test_an_altered_file_of_a_package_is_told(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(script.altered(["typer", "jinja2"])) == []
    about = tmp_path / "proef-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: proef\nVersion: 1\n")
    (tmp_path / "proef.py").write_text("x = 1\n")
    digest = script._digest(tmp_path / "proef.py", "sha256")
    (about / "RECORD").write_text(f"proef.py,sha256={digest},6\nweg.py,sha256={digest},6\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert distribution("proef").version == "1"
    assert list(script.altered(["proef"])) == ["proef: weg.py is missing"]
    (tmp_path / "proef.py").write_text("x = 2\n")
    assert "proef: proef.py was altered" in script.altered(["proef"])


def test_the_bill_of_materials_names_packages_models_and_what_needs_what(
    script: ModuleType, found: list[Any], checkout: Path
) -> None:
    bill = script.bill(found, checkout / "models")
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    refs = [part["bom-ref"] for part in bill["components"]]
    assert len(refs) == len(set(refs))
    kinds = {part["type"] for part in bill["components"]}
    assert kinds == {"library", "machine-learning-model"}
    known = {*refs, bill["metadata"]["component"]["bom-ref"]}
    for link in bill["dependencies"]:
        assert {link["ref"], *link["dependsOn"]} <= known
    assert json.dumps(bill) == json.dumps(script.bill(found, checkout / "models"))


def advisory(folder: Path, name: str, **affected: Any) -> None:
    package = {"package": {"ecosystem": "PyPI", "name": name}, **affected}
    (folder / f"{name}.json").write_text(
        json.dumps({"id": f"X-{name}", "aliases": [f"CVE-{name}"], "affected": [package]})
    )


def test_known_vulnerabilities_come_from_an_export_on_disk(
    script: ModuleType, tmp_path: Path
) -> None:
    def span(*events: dict[str, str]) -> list[dict[str, Any]]:
        return [{"type": "ECOSYSTEM", "events": list(events)}]

    advisory(tmp_path, "in-range", ranges=span({"introduced": "0"}, {"fixed": "2.0"}))
    advisory(tmp_path, "mended", ranges=span({"introduced": "0"}, {"fixed": "1.2"}))
    advisory(tmp_path, "later", ranges=span({"introduced": "1.5"}, {"fixed": "1.6"}))
    advisory(tmp_path, "last", ranges=span({"introduced": "1"}, {"last_affected": "1.3.1"}))
    advisory(tmp_path, "Listed_Name", versions=["1.3.1"])
    advisory(tmp_path, "again", ranges=span({"introduced": "0"}, {"fixed": "1"},
                                            {"introduced": "1.3"}, {"fixed": "1.4"}))  # fmt: skip
    advisory(tmp_path, "absent", versions=["1.3.1"])
    versions = dict.fromkeys(
        ["in-range", "mended", "later", "last", "listed-name", "again"], "1.3.1+cpu"
    )
    told = list(script.known_vulnerabilities(tmp_path, versions))
    assert {line.split()[0] for line in told} == {"in-range", "last", "listed-name", "again"}
    assert any("mended in 2.0" in line for line in told)
    fewer = list(script.known_vulnerabilities(tmp_path, versions, {"CVE-last", "X-again"}))
    assert {line.split()[0] for line in fewer} == {"in-range", "listed-name"}
    (tmp_path / "leeg").mkdir()
    with pytest.raises(SystemExit, match="no advisories"):
        list(script.known_vulnerabilities(tmp_path / "leeg", versions))


def test_hashes_come_from_the_report_of_pip(script: ModuleType, tmp_path: Path) -> None:
    entries = [
        {"download_info": {"url": "x", "archive_info": {"hashes": {"sha256": "ab" * 32}}},
         "metadata": {"name": "six", "version": "1.17.0"}},
        {"download_info": {"url": "file:///x", "dir_info": {}},
         "metadata": {"name": "klankbord", "version": "0.1.0"}},
    ]  # fmt: skip
    (tmp_path / "report.json").write_text(json.dumps({"version": "1", "install": entries}))
    assert list(script.hashes(tmp_path / "report.json")) == [
        f"six==1.17.0 --hash=sha256:{'ab' * 32}"
    ]
