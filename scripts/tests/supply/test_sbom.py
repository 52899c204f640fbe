"""The bill of materials lists what is in the image, not what should be."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.local import images
from harness.supply import image_contents, locks, sbom

STATUS = """Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.37-2+b10
Description: GNU Bourne Again SHell
 A description: of several lines

Package: removed
Status: deinstall ok config-files
Architecture: all
Version: 1
"""


def _document(image: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(sbom.as_json(image_contents.read(image), "a name"))
    return document


def _purls(document: dict[str, Any]) -> set[str]:
    return {component["purl"] for component in document["components"]}


@pytest.mark.long_proof  # builds the function's image
def test_each_locked_distribution_is_listed_with_its_version(function_image: str) -> None:
    document = _document(function_image)
    locked = {f"pkg:pypi/{name}@{version}" for name, version in locks.pins(sbom.LOCK).items()}
    assert len(locked) > 10
    base = image_contents.read(images.choose().function_base)  # has pip, for instance
    of_base = {package.purl.to_string() for package in base.packages if package.purl.type == "pypi"}
    assert {purl for purl in _purls(document) if purl.startswith("pkg:pypi/")} == locked | of_base
    assert not locked <= of_base
    assert document["metadata"]["component"]["version"].startswith("sha256:")


@pytest.mark.long_proof  # builds the function's image
def test_each_package_of_a_debian_base_is_listed(function_image: str) -> None:
    query = ["docker", "run", "--rm", "--network=none", "--entrypoint=dpkg-query", function_image]
    listed = subprocess.run(
        [*query, "--show", "--showformat=${db:Status-Abbrev} ${Package} ${Version}\n"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if listed.returncode != 0:
        pytest.skip("the image's base has no Debian packages")
    installed = {tuple(line.split()[1:]) for line in listed.stdout.splitlines() if line.startswith("ii")}
    found = {
        (p.purl.name, p.purl.version) for p in image_contents.read(function_image).packages if p.purl.type == "deb"
    }
    assert "bash" in dict(found)
    assert found == installed


@pytest.mark.long_proof  # builds the function's image
def test_removed_packages_are_not_listed_and_added_ones_are(built_on: Callable[[str], str]) -> None:
    image = built_on(
        "RUN rm -r /var/task/numpy-*.dist-info && mkdir /opt/extra-1.5.dist-info && cd /opt/extra-1.5.dist-info"
        " && printf 'Metadata-Version: 2.1\\nName: Ex_tra\\nVersion: 1.5\\nLicense: MIT\\n' > METADATA"
    )
    found = image_contents.read(image)
    purls = _purls(json.loads(sbom.as_json(found, "a name")))
    assert "pkg:pypi/ex-tra@1.5" in purls
    assert not [purl for purl in purls if purl.startswith("pkg:pypi/numpy@")]
    assert sbom.absent(found, sbom.LOCK) == [f"numpy=={locks.pins(sbom.LOCK)['numpy']}"]


@pytest.mark.long_proof  # builds the function's image
def test_a_base_without_a_package_database_is_marked_incomplete(built_on: Callable[[str], str]) -> None:
    document = _document(built_on("RUN rm /var/lib/dpkg/status"))
    assert document["compositions"][0]["aggregate"] == "incomplete"


@pytest.mark.long_proof  # builds the function's image
def test_a_missing_image_is_reported(function_image: str) -> None:
    with pytest.raises(HarnessError, match="no image 'store-sales/none:such'"):
        image_contents.read("store-sales/none:such")


def test_a_document_that_the_schema_rejects_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    found = image_contents.Contents("sha256:0", system_known=True)
    sbom.as_json(found, "valid")
    # GIVEN a composition that the schema does not know
    monkeypatch.setattr(sbom, "AGGREGATES", {True: "everything", False: "nothing"})
    with pytest.raises(HarnessError, match="would not be valid"):
        sbom.as_json(found, "invalid")


def test_removed_debian_packages_are_not_listed() -> None:
    (bash,) = image_contents.debian(STATUS, "debian", "debian-13")
    assert str(bash.purl) == "pkg:deb/debian/bash@5.2.37-2%2Bb10?arch=amd64&distro=debian-13"


def test_rpm_packages_keep_their_epoch() -> None:
    listed = (
        "bash\t0\t5.2.15-1.amzn2023.0.2\tx86_64\n"
        "openssl-libs\t1\t3.2.2-1.amzn2023\tx86_64\n"
        "gpg-pubkey\t0\t1-2\t(none)\n"
    )
    assert [
        str(found.purl) for found in image_contents.rpm(listed, "amzn", "amzn-2023", "var/lib/rpm/rpmdb.sqlite")
    ] == [
        "pkg:rpm/amzn/bash@5.2.15-1.amzn2023.0.2?arch=x86_64&distro=amzn-2023",
        "pkg:rpm/amzn/openssl-libs@3.2.2-1.amzn2023?arch=x86_64&distro=amzn-2023&epoch=1",
    ]
