"""Terraform: run on a working copy, its output read, its modules documented."""
