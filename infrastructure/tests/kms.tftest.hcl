# Module kms: rotation, and who may use the key. As in lambda_policies.tftest.hcl, the real provider computes the
# document, everything that would call AWS is overridden, and there is no network call.

provider "aws" {
  region                      = "ap-south-1"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

override_data {
  target = data.aws_caller_identity.this
  values = { account_id = "210987654321" }
}

# Another partition and region than the provider's, to show that neither is hard-coded.
override_data {
  target = data.aws_partition.this
  values = { partition = "aws-us-gov" }
}

override_data {
  target = data.aws_region.this
  values = { name = "us-gov-west-1" }
}

override_resource {
  target = aws_kms_key.this
  values = { arn = "arn:aws-us-gov:kms:us-gov-west-1:210987654321:key/11111111-2222-3333-4444-555555555555" }
}

override_resource {
  target = aws_kms_alias.this
}

variables {
  name           = "store-sales-test"
  log_group_name = "/aws/lambda/store_sales_test"
}

run "key" {
  module {
    source = "./modules/kms"
  }

  assert {
    condition = jsonencode([output.settings, output.alias, output.arn == aws_kms_key.this.arn]) == jsonencode([
      { deletion_window_days = 30, rotated = true }, "alias/store-sales-test", true
    ])
    error_message = "By default the key must rotate, and its deletion must be cancellable for 30 days: ${jsonencode(output.settings)}"
  }

  assert {
    condition     = aws_kms_alias.this.target_key_id == aws_kms_key.this.key_id
    error_message = "The alias points at another key."
  }

  # By principal and condition; the lists of actions are below.
  assert {
    condition = {
      for statement in jsondecode(aws_kms_key.this.policy).Statement :
      statement.Sid => [statement.Effect, statement.Principal, try(statement.Condition, null), statement.Resource]
      } == {
      AdministeredThroughIAM = ["Allow", { AWS = "arn:aws-us-gov:iam::210987654321:root" }, null, "*"]
      DataThroughStreamsAndBuckets = [
        "Allow",
        { AWS = "arn:aws-us-gov:iam::210987654321:root" },
        { StringEquals = { "kms:ViaService" = ["kinesis.us-gov-west-1.amazonaws.com", "s3.us-gov-west-1.amazonaws.com"] } },
        "*",
      ]
      ImagesByGrant = [
        "Allow",
        { AWS = "arn:aws-us-gov:iam::210987654321:root" },
        { StringEquals = { "kms:ViaService" = "ecr.us-gov-west-1.amazonaws.com" } },
        "*",
      ]
      OneLogGroup = [
        "Allow",
        { Service = "logs.us-gov-west-1.amazonaws.com" },
        {
          ArnEquals = {
            "kms:EncryptionContext:aws:logs:arn" = "arn:aws-us-gov:logs:us-gov-west-1:210987654321:log-group:/aws/lambda/store_sales_test"
          }
        },
        "*",
      ]
    }
    error_message = "The key may be used by others, or through other services: ${aws_kms_key.this.policy}"
  }

  assert {
    condition = {
      for statement in jsondecode(aws_kms_key.this.policy).Statement :
      statement.Sid => sort(flatten([statement.Action])) if statement.Sid != "AdministeredThroughIAM"
      } == {
      DataThroughStreamsAndBuckets = tolist(["kms:Decrypt", "kms:GenerateDataKey"])
      ImagesByGrant                = tolist(["kms:CreateGrant", "kms:RetireGrant"])
      OneLogGroup = tolist([
        "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom", "kms:ReEncryptTo",
      ])
    }
    error_message = "A service may do more with the key than it needs: ${aws_kms_key.this.policy}"
  }

  # Holds for any list: administrators of the key can always change its policy, and read no data with it.
  assert {
    condition = alltrue([
      for statement in jsondecode(aws_kms_key.this.policy).Statement : contains(statement.Action, "kms:PutKeyPolicy") && alltrue([
        for action in statement.Action : !can(regex("\\*|Decrypt|Encrypt|DataKey|CreateGrant|Sign|Mac$", action))
      ]) if statement.Sid == "AdministeredThroughIAM"
    ])
    error_message = "Administrators of the key must not reach its data: ${aws_kms_key.this.policy}"
  }
}

run "refuses_wrong_values" {
  command = plan

  module {
    source = "./modules/kms"
  }

  variables {
    name                 = "aws/kinesis"
    deletion_window_days = 3
  }

  expect_failures = [var.name, var.deletion_window_days]
}
