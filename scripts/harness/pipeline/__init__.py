"""A pipeline as its `pipeline.toml` describes it: all that the harness knows of one (docs/pipeline-toml.md)."""
