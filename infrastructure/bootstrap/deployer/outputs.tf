output "deploy_policy" {
  description = "Policy, as JSON, for whoever plans, applies, smoke-tests and destroys the stage."
  value       = data.aws_iam_policy_document.deploy.json
}

output "plan_policy" {
  description = "Policy, as JSON, for whoever only plans the stage. It allows no changes, and no reading of events, models or logs."
  value       = data.aws_iam_policy_document.plan.json
}
