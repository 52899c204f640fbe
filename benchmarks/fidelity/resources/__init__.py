"""Resources of each type and their life with Terraform: created, changed in place, imported and destroyed."""
