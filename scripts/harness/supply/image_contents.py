"""Reads from an image's files what it contains: Python distributions and the packages of its base."""

from __future__ import annotations

import email
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from docker.errors import ImageNotFound
from packageurl import PackageURL
from packaging.metadata import parse_email
from packaging.utils import canonicalize_name

from harness.errors import HarnessError
from harness.machine import engine

OS_RELEASE = ("etc/os-release", "usr/lib/os-release")
DPKG_STATUS = "var/lib/dpkg/status"
RPM_DATABASES = ("var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/rpmdb.sqlite", "var/lib/rpm/Packages")
RPM_QUERY = ["rpm", "--query", "--all", "--queryformat", "%{NAME}\\t%{EPOCHNUM}\\t%{VERSION}-%{RELEASE}\\t%{ARCH}\\n"]


@dataclass(frozen=True)
class Package:
    """One package in an image.

    Attributes:
        purl: its name, version and origin, https://github.com/package-url/purl-spec.
        license: an SPDX expression or the packager's words; empty if unknown.
        path: the file that names the license.
    """

    purl: PackageURL
    license: str
    path: str


@dataclass
class Contents:
    """What an image contains.

    Attributes:
        image_id: digest of its configuration, `sha256:…`.
        packages: every package that a package manager lists.
        system: `ID` and `VERSION_ID` of /etc/os-release, such as `debian-13`.
        system_known: whether the base's package manager was found and read.
    """

    image_id: str
    packages: list[Package] = field(default_factory=list)
    system: str = ""
    system_known: bool = False


def read(name: str) -> Contents:
    """Read an image that the engine has. Nothing in it is run unless its base has RPM packages.

    Args:
        name: the image's name, digest or id.

    Raises:
        HarnessError: the engine does not have it.
    """
    try:
        image = engine.client().images.get(name)
    except ImageNotFound:
        raise HarnessError(f"the engine has no image '{name}'", f"pull it first: docker pull {name}") from None
    found = Contents(str(image.id))
    container = engine.client().containers.create(image.id, ["none"])  # created, never started
    try:
        # The stream can be read only once, and files at its start need the system's name from a later file.
        with tempfile.TemporaryFile() as whole:
            for chunk in container.export():
                whole.write(chunk)
            whole.seek(0)
            with tarfile.open(fileobj=whole) as files:
                _collect(files, found)
    finally:
        container.remove(v=True)
    return found


def _collect(files: tarfile.TarFile, found: Contents) -> None:
    members = {member.name: member for member in files if member.isfile()}

    def content(path: str) -> bytes:
        source: IO[bytes] | None = files.extractfile(members[path])
        assert source
        return source.read()

    release = next((content(path).decode() for path in OS_RELEASE if path in members), "")
    names = dict(line.split("=", 1) for line in release.splitlines() if "=" in line)
    family = names.get("ID", "linux").strip('"')
    found.system = f"{family}-{names.get('VERSION_ID', '').strip(chr(34))}".rstrip("-")
    for path in sorted(members):
        if path.endswith(".dist-info/METADATA"):
            found.packages.append(_distribution(content(path), path))
    if DPKG_STATUS in members:
        found.system_known = True
        found.packages += debian(content(DPKG_STATUS).decode(), family, found.system)
    for path in RPM_DATABASES:
        if path in members:
            found.system_known = True
            listed = engine.client().containers.run(
                found.image_id, RPM_QUERY[1:], entrypoint=RPM_QUERY[:1], remove=True, network_mode="none", user="65532"
            )
            found.packages += rpm(listed.decode(), family, found.system, path)
            break


def _distribution(metadata: bytes, path: str) -> Package:
    """Parse the METADATA of an installed Python distribution."""
    raw, _ = parse_email(metadata)
    licensed = raw.get("license_expression") or raw.get("license") or ""
    purl = PackageURL("pypi", name=canonicalize_name(raw["name"]), version=raw["version"])
    return Package(purl, licensed.strip() if "\n" not in licensed.strip() else "", path)


def debian(status: str, family: str, system: str) -> Iterator[Package]:
    """Yield the packages that a dpkg status file lists as installed.

    Args:
        status: its text; paragraphs of fields, https://manpages.debian.org/dpkg.1.
        family: namespace of the package URLs, such as `debian`.
        system: their qualifier `distro`.
    """
    for paragraph in status.split("\n\n"):
        fields = email.message_from_string(paragraph.lstrip())
        if fields.get("Status", "").endswith(" installed"):
            qualifiers = {"arch": fields["Architecture"], "distro": system}
            purl = PackageURL("deb", family, fields["Package"], fields["Version"], qualifiers)
            yield Package(purl, "", DPKG_STATUS)


def rpm(listed: str, family: str, system: str, path: str) -> Iterator[Package]:
    """Yield the packages that `rpm` lists as lines `name<tab>epoch<tab>version-release<tab>architecture`."""
    for line in listed.splitlines():
        name, epoch, version, architecture = line.split("\t")
        if name == "gpg-pubkey":  # a signing key, stored as a package
            continue
        qualifiers = {"arch": architecture, "distro": system} | ({"epoch": epoch} if epoch != "0" else {})
        yield Package(PackageURL("rpm", family, name, version, qualifiers), "", path)
