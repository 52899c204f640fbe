output "state_bucket" {
  description = "Name of the state bucket: `bucket` in ../vars/<stage>.s3.tfbackend."
  value       = module.state_bucket.name
}

output "aws_region" {
  description = "Region of the state bucket: `region` in ../vars/<stage>.s3.tfbackend."
  value       = var.aws_region
}

output "github_role_arns" {
  description = "ARNs of the roles for GitHub Actions, by purpose: deploy and plan. Empty without github_repository."
  value       = { for name, role in aws_iam_role.github : name => role.arn }
}
