"""Installs what the pipeline needs beyond the project's own environment."""
