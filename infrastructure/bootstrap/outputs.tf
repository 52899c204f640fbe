output "state_bucket" {
  description = "Name of the state bucket: `bucket` in ../vars/<stage>.s3.tfbackend."
  value       = module.state_bucket.name
}

output "aws_region" {
  description = "Region of the state bucket: `region` in ../vars/<stage>.s3.tfbackend."
  value       = var.aws_region
}

output "github_role_arns" {
  description = "ARNs of the roles for GitHub Actions, by what they are for: deploy and plan; none without github_repository."
  value       = { for name, role in aws_iam_role.github : name => role.arn }
}
