# Roles that GitHub Actions assumes with a workflow run's token, so that no keys are stored there. They exist only if
# github_repository is set. https://docs.github.com/actions/security-for-github-actions/security-hardening-your-deployments

locals {
  github     = var.github_repository == null ? [] : [var.github_repository]
  issuer     = "token.actions.githubusercontent.com"
  stage      = coalesce(var.project_id, "none")
  subject    = "repo:${join("", local.github)}"
  deploys_as = [for name in coalesce(var.github_environments, [local.stage]) : "${local.subject}:environment:${name}"]
  plans_as   = concat(["${local.subject}:pull_request"], [for name in var.github_branches : "${local.subject}:ref:refs/heads/${name}"])

  provider_arn = var.github_oidc_provider_arn != null ? var.github_oidc_provider_arn : one(aws_iam_openid_connect_provider.github[*].arn)

  roles = {
    for name, role in {
      deploy = { subjects = local.deploys_as, policy = one(module.deployer[*].deploy_policy) }
      plan   = { subjects = local.plans_as, policy = one(module.deployer[*].plan_policy) }
    } : name => role if length(local.github) > 0
  }
}

data "aws_caller_identity" "this" {
  count = length(local.github)
}

data "aws_partition" "this" {
  count = length(local.github)
}

# One per account, for all stages and repositories.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_oidc_provider_arn == null ? length(local.github) : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

module "deployer" {
  source = "./deployer"
  count  = length(local.github)

  project_id           = local.stage
  account_id           = data.aws_caller_identity.this[0].account_id
  partition            = data.aws_partition.this[0].partition
  aws_region           = var.aws_region
  state_bucket         = var.state_bucket
  state_key            = coalesce(var.state_key, "store-sales/${local.stage}/terraform.tfstate")
  source_stream_name   = var.source_stream_name
  output_stream_name   = var.output_stream_name
  model_bucket         = var.model_bucket
  failed_events_bucket = var.failed_events_bucket
  ecr_repo_name        = var.ecr_repo_name
  lambda_function_name = var.lambda_function_name
}

# Complete subjects, no wildcards: "repo:owner/name:*" would let every branch and pull request deploy.
data "aws_iam_policy_document" "github" {
  for_each = local.roles

  statement {
    sid     = "GitHubActions"
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = each.value.subjects
    }
  }
}

resource "aws_iam_role" "github" {
  for_each = local.roles

  name                 = "store-sales-${each.key}-${local.stage}"
  description          = "GitHub Actions of ${var.github_repository}: ${each.key} ${local.stage}."
  assume_role_policy   = data.aws_iam_policy_document.github[each.key].json
  max_session_duration = 3600
}

# Inline: managed policies are limited to 6,144 characters, inline policies to 10,240.
resource "aws_iam_role_policy" "github" {
  for_each = local.roles

  name   = each.key
  role   = aws_iam_role.github[each.key].name
  policy = each.value.policy
}
