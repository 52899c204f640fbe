terraform {
  # Needs no provider: terraform_data is built in.
  required_version = ">= 1.11.0, < 2.0.0"
}
