"""Runs Terraform on a working copy, reads its output, and documents its modules."""
