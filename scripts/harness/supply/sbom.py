"""`make sbom`: writes the software bill of materials of the function's image as CycloneDX JSON."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseAcknowledgement
from cyclonedx.model.lifecycle import LifecyclePhase, PredefinedLifecycle
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from harness import console, paths
from harness.errors import HarnessError
from harness.local import images
from harness.machine import commands, environment
from harness.machine.files import write_whole
from harness.supply import image_contents, locks

NAME = "store-sales/function:sbom"
LOCK = paths.SERVICE / "requirements-image.txt"
FILE = paths.CACHE / "sbom" / "function.cdx.json"
LOG = paths.CACHE / "logs" / "sbom.log"
BUILD_DEADLINE = 900.0
# The namespace of serial numbers, which depend on the image alone.
SERIAL_NUMBERS = uuid.UUID("5c0a8a0e-6a43-4a8b-9d54-1d7e4fd1f2a1")
# Never `complete`: no package manager knows the C libraries inside Python wheels.
# https://cyclonedx.org/docs/1.6/json/#compositions
AGGREGATES = {True: "unknown", False: "incomplete"}


def run(image: str) -> None:
    """Write the SBOM of an image.

    Args:
        image: its name; empty builds the function's image from the checkout and compares it with its lock.

    Raises:
        HarnessError: there is no such image, it lacks a locked package, or the SBOM would be invalid.
    """
    with console.step(f"SBOM of {image or 'the function'}") as step:
        found = image_contents.read(image or build())
        if not image and (lacking := absent(found, LOCK)):
            raise HarnessError(
                f"the image lacks packages of {paths.shown(LOCK)}: {', '.join(lacking)}",
                "look at service/Dockerfile and service/bundle/prune.py",
            )
        text = as_json(found, image or "store-sales-function")
        write_whole(FILE, text)
        step.result = f"{len(found.packages)} packages, {paths.shown(FILE)}"
    if not found.system_known:
        console.warn(f"found no package database of {found.system}: the SBOM lists the Python distributions only")


def build() -> str:
    """Build the function's image from the checkout as Terraform does; quick if Terraform has built it.

    Returns:
        Its name.
    """
    base = images.choose().function_base
    command = ["docker", "build", "--quiet", "--tag", NAME, "--build-arg", f"BASE_IMAGE={base}"]
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        command += ["--build-arg", variable] if os.environ.get(variable) else []
    commands.run([*command, paths.SERVICE], log=LOG, env=environment.clean(), deadline=BUILD_DEADLINE)
    return NAME


def absent(found: image_contents.Contents, lock: Path) -> list[str]:
    """Return what a lock lists and an image lacks, as `name==version`."""
    held = {(package.purl.name, package.purl.version) for package in found.packages if package.purl.type == "pypi"}
    return [f"{name}=={version}" for name, version in sorted(locks.pins(lock).items()) if (name, version) not in held]


def as_json(found: image_contents.Contents, name: str) -> str:
    """Return the document, validated against CycloneDX's schema.

    Args:
        found: what the image contains.
        name: the image's name.
    """
    bom = Bom(serial_number=uuid.uuid5(SERIAL_NUMBERS, found.image_id))
    bom.metadata.lifecycles.add(PredefinedLifecycle(LifecyclePhase.POST_BUILD))
    bom.metadata.component = Component(
        type=ComponentType.CONTAINER, name=name, version=found.image_id, bom_ref=found.image_id
    )
    licenses = LicenseFactory()
    for package in found.packages:
        declared = LicenseAcknowledgement.DECLARED
        bom.components.add(
            Component(
                type=ComponentType.LIBRARY,
                name=package.purl.name,
                version=package.purl.version,
                purl=package.purl,
                bom_ref=f"{package.purl}#{package.path}",
                licenses=[licenses.make_from_string(package.license, license_acknowledgement=declared)]
                if package.license
                else [],
                properties=[Property(name="store-sales:found-in", value=f"/{package.path}")],
            )
        )
    bom.register_dependency(bom.metadata.component, bom.components)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    document["compositions"] = [{"aggregate": AGGREGATES[found.system_known], "assemblies": [found.image_id]}]
    text = json.dumps(document, indent=2, sort_keys=True) + "\n"
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise HarnessError(f"the SBOM would not be valid: {error}", "this is a bug in harness/supply/sbom.py")
    return text
