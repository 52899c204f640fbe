output "state_bucket" {
  description = "Name of the state bucket: `bucket` in ../vars/<stage>.s3.tfbackend."
  value       = module.state_bucket.name
}

output "aws_region" {
  description = "Region of the state bucket: `region` in ../vars/<stage>.s3.tfbackend."
  value       = var.aws_region
}
