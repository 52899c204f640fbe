# bucket, key and region come from the stage's backend file, which replaces what is written here. Without one, `terraform init`
# must stop and name the files: Terraform prints the line of the key, which is invalid on purpose. If it were left out,
# Terraform would ask for bucket and key instead.
terraform {
  backend "s3" { # terraform init -backend-config=vars/<stage>.s3.tfbackend
    key          = "/ add -backend-config=vars/<stage>.s3.tfbackend /"
    bucket       = "tf-test-state" # tflocal creates the bucket named here in LocalStack
    encrypt      = true
    use_lockfile = true
  }
}
