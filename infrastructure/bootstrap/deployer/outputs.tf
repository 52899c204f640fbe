output "deploy_policy" {
  description = "Policy, as JSON, of whoever plans, applies, smoke-tests and destroys the stage."
  value       = data.aws_iam_policy_document.deploy.json
}

output "plan_policy" {
  description = "Policy, as JSON, of whoever plans the stage without changing anything: no events, models or logs are read."
  value       = data.aws_iam_policy_document.plan.json
}
