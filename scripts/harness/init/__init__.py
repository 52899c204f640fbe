"""`pipeline init`: writes the `pipeline.toml` of a Terraform folder that knows nothing of us."""

from harness.init.command import run

__all__ = ["run"]
