"""What Klankbord needs to run: packages, versions, licences, advisories, a bill of materials.

    python scripts/dependencies.py                      # the list; 1 where something does not fit
    python scripts/dependencies.py --sbom sbom.json     # CycloneDX 1.6
    python scripts/dependencies.py --verify             # installed files against their hashes
    python scripts/dependencies.py --advisories osv/    # known vulnerabilities, from an OSV export

Everything is read from what is installed here, so install `.[pdf,postgres,review]` first; packages
of another system only (Windows' colorama) are not seen. Nothing is fetched. For hashes of what pip
is about to install, which an editable install cannot check:

    pip install -c scripts/constraints.txt --dry-run --ignore-installed --report report.json .
    python scripts/dependencies.py --hashes report.json > hashes.txt
    pip install --require-hashes -r hashes.txt && pip install --no-deps .
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import json
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from advisories import known_vulnerabilities

ROOT = Path(__file__).resolve().parent.parent
_LONGEST_NAME = 60  # characters; a longer licence is a whole text


@dataclass(frozen=True)
class Package:
    """A package that is needed to run."""

    name: str
    version: str
    licence: str  # SPDX expression, "" where it is unclear
    direct: bool
    required: bool  # one of the required ones, or brought along by them
    needs: tuple[str, ...]
    record: str  # SHA-256 of the list of its files and their digests


def rules() -> dict[str, Any]:
    """Read `dependencies.toml`."""
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def packages(wanted: Mapping[str, Any]) -> list[Package]:
    """Return everything that klankbord and its extras need here, by name."""
    own = _needs("klankbord", frozenset(wanted["extras"]))
    graph = _closure(own)
    required = _closure({name: frozenset() for name in wanted["required"]})
    return [
        Package(
            name,
            found.version,
            licence_of(found, wanted),
            name in own,
            name in required,
            tuple(sorted(_needs(name, extras))),
            hashlib.sha256((found.read_text("RECORD") or "").encode()).hexdigest(),
        )
        for name, extras in sorted(graph.items())
        for found in [distribution(name)]
    ]


def _closure(start: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Return package -> extras of all that `start` needs, itself included."""
    found: dict[str, frozenset[str]] = {}
    waiting = list(start.items())
    while waiting:
        name, extras = waiting.pop()
        if name in found and extras <= found[name]:
            continue
        found[name] = found.get(name, frozenset()) | extras
        waiting += _needs(name, found[name]).items()
    return found


def _needs(name: str, extras: frozenset[str]) -> dict[str, frozenset[str]]:
    """Return package -> extras of what a package asks for on this system."""
    try:
        asked = map(Requirement, distribution(name).requires or ())
    except PackageNotFoundError:
        sys.exit(f"{name} is not installed; first: pip install -e '.[pdf,postgres,review]'")
    found: dict[str, frozenset[str]] = {}
    for one in asked:
        given = [{"extra": extra} for extra in ("", *extras)]
        if one.marker is None or any(one.marker.evaluate(each) for each in given):
            own = canonicalize_name(one.name)
            found[own] = found.get(own, frozenset()) | frozenset(one.extras)
    return found


def licence_of(found: Distribution, wanted: Mapping[str, Any]) -> str:
    """Return the licence of a package as SPDX, "" where its metadata do not say it clearly."""
    about, names = found.metadata, wanted["names"]
    if decided := wanted["decided"].get(canonicalize_name(about["Name"])):
        return str(decided["licence"])
    if expression := about.get("License-Expression"):
        return str(expression)
    told = (about.get("License") or "").strip().splitlines()[:1]
    classifiers = [
        line.rpartition("::")[2].strip()
        for line in about.get_all("Classifier", [])
        if line.startswith("License ::")
    ]
    for said in (told[0] if told and len(told[0]) <= _LONGEST_NAME else "", *classifiers):
        licence = names.get(said, said)
        if licence in names.values() or licence in wanted["allowed"]:
            return str(licence)
    return ""


def fits(licence: str, allowed: Iterable[str]) -> bool:
    """Tell whether an SPDX expression leaves a choice of which every part is allowed."""
    known = set(allowed)
    plain = licence.replace("(", "").replace(")", "")
    return any(
        all(part.strip() in known for part in choice.split(" AND "))
        for choice in plain.split(" OR ")
    )


def problems(found: Iterable[Package], wanted: Mapping[str, Any]) -> Iterator[str]:
    """Yield what does not fit: a licence, or too many packages."""
    found = list(found)
    for package in found:
        decided = package.name in wanted["decided"]
        if not decided and not fits(package.licence, wanted["allowed"]):
            told = package.licence or "an unclear licence"
            yield f"{package.name} {package.version}: {told}; decide in scripts/dependencies.toml"
    beyond = sum(not package.required for package in found)
    if beyond > wanted["most"]:
        yield f"{beyond} packages beyond the required ones, more than {wanted['most']}"


def altered(names: Iterable[str]) -> Iterator[str]:
    """Yield the files of packages that are not, or no longer, what their wheel listed."""
    for name in names:
        found = distribution(name)  # whose `files` leaves out what is missing from Python 3.12 on
        for file, told, _ in csv.reader((found.read_text("RECORD") or "").splitlines()):
            mode, _, value = told.partition("=")
            if not value:
                continue
            path = Path(str(found.locate_file(file)))
            if not path.is_file():
                yield f"{name}: {file} is missing"
            elif _digest(path, mode) != value:
                yield f"{name}: {file} was altered"


def _digest(path: Path, mode: str) -> str:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, mode).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def bill(found: Iterable[Package], models: Path) -> dict[str, Any]:
    """Return a bill of materials as CycloneDX 1.6, the same for the same installation."""
    found = list(found)
    own = distribution("klankbord")
    parts = [
        {
            "type": "library",
            "bom-ref": _address(package.name, package.version),
            "name": package.name,
            "version": package.version,
            "purl": _address(package.name, package.version),
            "licenses": [{"expression": package.licence}] if package.licence else [],
            "properties": [{"name": "klankbord:record-sha256", "value": package.record}],
        }
        for package in found
    ]
    cards = [json.loads(path.read_text("utf-8")) for path in sorted(models.glob("*/card.json"))]
    parts += [
        {
            "type": "machine-learning-model",
            "bom-ref": f"model:{card['name']}@{card['version']}",
            "name": card["name"],
            "version": card["version"],
            "properties": [
                {"name": f"sha256:{file}", "value": digest}
                for file, digest in sorted(card["sha256"].items())
            ],
        }
        for card in cards
    ]
    address = {package.name: _address(package.name, package.version) for package in found}
    links = [
        {"ref": address[package.name], "dependsOn": sorted(address[name] for name in package.needs)}
        for package in found
    ]
    ours = _address("klankbord", own.version)
    direct = sorted(address[package.name] for package in found if package.direct)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": ours,
                "name": "klankbord",
                "version": own.version,
                "purl": ours,
                "licenses": [{"expression": "Apache-2.0"}],
            }
        },
        "components": parts,
        "dependencies": [{"ref": ours, "dependsOn": direct}, *links],
    }


def _address(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version.replace('+', '%2B')}"


def hashes(report: Path) -> Iterator[str]:
    """Yield the requirements with hashes of what `pip install --report` says it would install."""
    for one in json.loads(report.read_text("utf-8"))["install"]:
        digest = one["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256")
        if digest:  # a folder, such as klankbord itself, has none
            about = one["metadata"]
            yield f"{about['name']}=={about['version']} --hash=sha256:{digest}"


def main() -> int:
    """Print the list; return 1 where something does not fit."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sbom", type=Path, metavar="FILE", help="write a bill of materials")
    parser.add_argument("--verify", action="store_true", help="check installed files")
    parser.add_argument("--advisories", type=Path, metavar="FOLDER", help="an OSV export, unpacked")
    parser.add_argument("--hashes", type=Path, metavar="REPORT", help="of pip install --report")
    given = parser.parse_args()
    if given.hashes:
        print("\n".join(hashes(given.hashes)))
        return 0
    wanted = rules()
    found = packages(wanted)
    for package in found:
        kind = "direct" if package.direct else "indirect"
        group = "required" if package.required else ""
        print(f"{package.name}\t{package.version}\t{package.licence}\t{kind}\t{group}")
    beyond = sum(not package.required for package in found)
    print(f"{len(found)} packages, {beyond} of them beyond the required ones", file=sys.stderr)
    wrong = list(problems(found, wanted))
    if given.verify:
        wrong += altered(package.name for package in found)
    if given.advisories:
        versions = {package.name: package.version for package in found}
        ignored = {one["id"] for one in wanted.get("ignored", ())}
        wrong += known_vulnerabilities(given.advisories, versions, ignored)
    if given.sbom:
        text = json.dumps(bill(found, ROOT / "models"), indent=2, ensure_ascii=False)
        given.sbom.write_text(f"{text}\n", "utf-8")
    for line in wrong:
        print(f"does not fit: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
