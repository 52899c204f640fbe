# Policies for planning and deploying one stage. They name the stage's resources and no others.

locals {
  state_bucket_arn = "arn:${var.partition}:s3:::${var.state_bucket}"
  state_arn        = "${local.state_bucket_arn}/${var.state_key}"
}

# The stage's own resources. A plan reads; a deployment writes too.
data "aws_iam_policy_document" "stage" {
  for_each = {
    plan   = { for name, statement in local.statements : name => statement.read if length(statement.read) > 0 }
    deploy = { for name, statement in local.statements : name => concat(statement.read, statement.write) }
  }

  dynamic "statement" {
    for_each = each.value

    content {
      sid       = statement.key
      actions   = statement.value
      resources = local.statements[statement.key].resources

      dynamic "condition" {
        for_each = try(local.statements[statement.key].tagged, false) ? local.tags : {}

        content {
          test     = "StringEquals"
          variable = "aws:ResourceTag/${condition.key}"
          values   = [condition.value]
        }
      }
    }
  }
}

data "aws_iam_policy_document" "plan" {
  source_policy_documents = [data.aws_iam_policy_document.common.json, data.aws_iam_policy_document.stage["plan"].json]

  # The plan of a pull request takes no lock (terraform plan -lock=false): it must not hold up a deployment.
  statement {
    sid       = "ReadState"
    actions   = ["s3:GetObject"]
    resources = [local.state_arn]
  }
}

data "aws_iam_policy_document" "deploy" {
  # checkov:skip=PIPELINE_RESOURCES_NAMED:ecr:GetAuthorizationToken and kms:CreateKey support no resources; the ids of mappings and keys are not known in advance, so conditions limit them
  source_policy_documents = [data.aws_iam_policy_document.common.json, data.aws_iam_policy_document.stage["deploy"].json]

  # Each deployment first checks the settings of the state bucket.
  statement {
    sid       = "CheckStateBucket"
    actions   = ["s3:GetBucketPublicAccessBlock", "s3:GetBucketVersioning", "s3:GetEncryptionConfiguration"]
    resources = [local.state_bucket_arn]
  }

  statement {
    sid       = "KeepState"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = [local.state_arn]
  }

  # Only the lock is ever deleted. The state stays: its earlier versions are the way back.
  statement {
    sid       = "LockState"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${local.state_arn}.tflock"]
  }

  statement {
    sid       = "GiveTheFunctionItsRole"
    actions   = ["iam:PassRole"]
    resources = [local.role_arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["lambda.amazonaws.com"]
    }
  }

  # A mapping's UUID is not known in advance, so the function it invokes is the limit.
  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
  statement {
    sid       = "ChangeEventSourceMappings"
    actions   = ["lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"]
    resources = ["*"]

    condition {
      test     = "ArnLike"
      variable = "lambda:FunctionArn"
      values   = [local.function_arn, "${local.function_arn}:*"]
    }
  }

  statement {
    sid       = "TagEventSourceMappings"
    actions   = ["lambda:TagResource", "lambda:UntagResource"]
    resources = ["${local.arn.lambda}:event-source-mapping:*"]
  }

  # Supports no resources: a new key must have the stage's tags.
  statement {
    sid       = "MakeKey"
    actions   = ["kms:CreateKey"]
    resources = ["*"]

    dynamic "condition" {
      for_each = local.tags

      content {
        test     = "StringEquals"
        variable = "aws:RequestTag/${condition.key}"
        values   = [condition.value]
      }
    }
  }

  # For a new key only: a key that already belongs to a stage cannot be tagged for this one.
  # https://docs.aws.amazon.com/kms/latest/developerguide/tag-permissions.html
  statement {
    sid       = "TagKey"
    actions   = ["kms:TagResource"]
    resources = ["${local.arn.kms}:key/*"]

    dynamic "condition" {
      for_each = local.tags

      content {
        test     = "StringEquals"
        variable = "aws:RequestTag/${condition.key}"
        values   = [condition.value]
      }
    }

    condition {
      test     = "Null"
      variable = "aws:ResourceTag/Stage"
      values   = ["true"]
    }
  }

  # Supports no resources.
  statement {
    sid       = "LogInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }
}

# Reads that cannot be limited to the stage, or need the whole bucket.
data "aws_iam_policy_document" "common" {
  # checkov:skip=PIPELINE_RESOURCES_NAMED:kms:ListAliases, kinesis:DescribeLimits and logs:DescribeLogGroups cover the account, and the ids of mappings are not known in advance
  statement {
    sid       = "ListState"
    actions   = ["s3:ListBucket"]
    resources = [local.state_bucket_arn]
  }

  statement {
    sid       = "ReadEventSourceMappings"
    actions   = ["lambda:GetEventSourceMapping", "lambda:ListTags"]
    resources = ["${local.arn.lambda}:event-source-mapping:*"]
  }

  # Lists the account's groups; the caller filters them by name.
  statement {
    sid       = "FindLogGroup"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["${local.arn.logs}:log-group:*"]
  }

  # Support no resources. The provider reads the limits before it creates a stream.
  statement {
    sid       = "FindKeyAndLimits"
    actions   = ["kinesis:DescribeLimits", "kms:ListAliases"]
    resources = ["*"]
  }
}
