# Bootstrap: who may assume the roles for GitHub Actions. Only plans, because an apply could not be destroyed.

provider "aws" {
  region                      = "ap-south-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_module {
  target          = module.state_bucket
  override_during = plan
  outputs         = { name = "state", arn = "arn:aws:s3:::state" }
}

override_data {
  target          = data.aws_caller_identity.this
  override_during = plan
  values          = { account_id = "123456789012" }
}

override_resource {
  target          = aws_iam_openid_connect_provider.github
  override_during = plan
  values          = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
}

override_resource {
  target          = aws_iam_role.github
  override_during = plan
  values          = { arn = "arn:aws:iam::123456789012:role/made" }
}

override_resource {
  target          = aws_iam_role_policy.github
  override_during = plan
}

variables {
  state_bucket      = "state"
  project_id        = "stg"
  github_repository = "company/store-sales"
}

run "roles" {
  command = plan

  module {
    source = "./bootstrap"
  }

  assert {
    condition = jsonencode({ for name, role in aws_iam_role.github : name => jsondecode(role.assume_role_policy).Statement }) == jsonencode({
      for name, subjects in {
        deploy = "repo:company/store-sales:environment:stg"
        plan   = ["repo:company/store-sales:pull_request", "repo:company/store-sales:ref:refs/heads/main"]
        } : name => [{
          Sid       = "GitHubActions"
          Effect    = "Allow"
          Action    = "sts:AssumeRoleWithWebIdentity"
          Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
          Condition = {
            StringEquals = {
              "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
              "token.actions.githubusercontent.com:sub" = subjects
            }
          }
      }]
    })
    error_message = "Other principals may assume the roles: ${jsonencode({ for name, role in aws_iam_role.github : name => role.assume_role_policy })}"
  }

  assert {
    condition = alltrue([
      aws_iam_role.github["deploy"].name == "store-sales-deploy-stg",
      aws_iam_role.github["plan"].name == "store-sales-plan-stg",
      aws_iam_role_policy.github["deploy"].policy == module.deployer[0].deploy_policy,
      aws_iam_role_policy.github["plan"].policy == module.deployer[0].plan_policy,
      strcontains(module.deployer[0].deploy_policy, "arn:aws:s3:::state/store-sales/stg/terraform.tfstate"),
      strcontains(module.deployer[0].deploy_policy, ":123456789012:function:store_sales_stg"),
    ])
    error_message = "A role has the wrong name or policy."
  }

  assert {
    condition     = aws_iam_openid_connect_provider.github[0].client_id_list == toset(["sts.amazonaws.com"]) && length(output.github_role_arns) == 2
    error_message = "The provider accepts tokens with other audiences than AWS."
  }
}

run "names_of_the_stage_and_an_existing_provider" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    github_environments      = ["staging", "staging-approved"]
    github_branches          = []
    github_oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    model_bucket             = "another"
    state_key                = "elsewhere"
  }

  assert {
    condition = alltrue([
      length(aws_iam_openid_connect_provider.github) == 0,
      strcontains(aws_iam_role.github["deploy"].assume_role_policy, "repo:company/store-sales:environment:staging-approved"),
      !strcontains(aws_iam_role.github["plan"].assume_role_policy, "refs/heads"),
      strcontains(module.deployer[0].deploy_policy, "arn:aws:s3:::another-stg"),
      strcontains(module.deployer[0].deploy_policy, "arn:aws:s3:::state/elsewhere"),
    ])
    error_message = "A variable does not reach role or policy."
  }
}

run "no_repository_no_roles" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    project_id        = null
    github_repository = null
  }

  assert {
    condition     = length(aws_iam_role.github) == 0 && length(aws_iam_openid_connect_provider.github) == 0
    error_message = "Roles are created although no repository is set."
  }
}

run "refuses_wrong_values" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    project_id               = null
    github_repository        = "company/*"
    github_environments      = ["*"]
    github_branches          = ["release/*"]
    github_oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/accounts.google.com"
  }

  expect_failures = [
    var.github_repository,
    var.github_environments,
    var.github_branches,
    var.github_oidc_provider_arn,
  ]
}

run "refuses_roles_without_a_stage" {
  command = plan

  module {
    source = "./bootstrap"
  }

  variables {
    project_id = null
  }

  expect_failures = [var.github_repository]
}
