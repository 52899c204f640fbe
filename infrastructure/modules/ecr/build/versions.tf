terraform {
  # terraform_data is built in: no provider is needed.
  required_version = ">= 1.11.0, < 2.0.0"
}
