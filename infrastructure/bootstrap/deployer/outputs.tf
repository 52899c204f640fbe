output "deploy_policy" {
  description = "Policy, as JSON, for planning, applying, smoke-testing and destroying the stage."
  value       = data.aws_iam_policy_document.deploy.json
}

output "plan_policy" {
  description = "Policy, as JSON, for planning the stage only. It allows no changes, and no reading of events, models or logs."
  value       = data.aws_iam_policy_document.plan.json
}
