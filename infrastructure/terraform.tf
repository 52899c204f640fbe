terraform {
  # 1.11 is the first release in which the S3 backend's lock file (use_lockfile) is no longer experimental.
  required_version = ">= 1.11.0, < 2.0.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
