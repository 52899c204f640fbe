# Policies for whoever deploys one stage: they name the stage's resources and no others.

locals {
  state_bucket_arn = "arn:${var.partition}:s3:::${var.state_bucket}"
  state_arn        = "${local.state_bucket_arn}/${var.state_key}"
}

data "aws_iam_policy_document" "plan" {
  source_policy_documents = [data.aws_iam_policy_document.common.json]

  dynamic "statement" {
    for_each = { for name, statement in local.statements : name => statement if length(statement.read) > 0 }

    content {
      sid       = statement.key
      actions   = statement.value.read
      resources = statement.value.resources

      dynamic "condition" {
        for_each = try(statement.value.tagged, false) ? local.tags : {}

        content {
          test     = "StringEquals"
          variable = "aws:ResourceTag/${condition.key}"
          values   = [condition.value]
        }
      }
    }
  }

  # A plan of a pull request takes no lock (terraform plan -lock=false): it must not hold up a deployment.
  statement {
    sid       = "ReadState"
    actions   = ["s3:GetObject"]
    resources = [local.state_arn]
  }
}

data "aws_iam_policy_document" "deploy" {
  # checkov:skip=PIPELINE_RESOURCES_NAMED:ecr:GetAuthorizationToken and kms:CreateKey know no resource, mappings and keys have ids nobody knows before; conditions limit them
  source_policy_documents = [data.aws_iam_policy_document.common.json]

  dynamic "statement" {
    for_each = local.statements

    content {
      sid       = statement.key
      actions   = concat(statement.value.read, statement.value.write)
      resources = statement.value.resources

      dynamic "condition" {
        for_each = try(statement.value.tagged, false) ? local.tags : {}

        content {
          test     = "StringEquals"
          variable = "aws:ResourceTag/${condition.key}"
          values   = [condition.value]
        }
      }
    }
  }

  # Whether the bucket is complete is looked at before each deployment.
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

  # The state itself is never deleted: its former versions are the way back.
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

  # A mapping has a UUID that nobody knows before: which function it invokes is the limit.
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

  # Knows no resources: what is made must have the stage's tags.
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

  # While the key is made; no key that has a stage already is made over to this one.
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

  # Knows no resources.
  statement {
    sid       = "LogInToRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }
}

# Reading that cannot be limited to the stage, or needs the whole bucket.
data "aws_iam_policy_document" "common" {
  # checkov:skip=PIPELINE_RESOURCES_NAMED:kms:ListAliases, kinesis:DescribeLimits and logs:DescribeLogGroups are about the account, and mappings have ids nobody knows before
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

  # Lists of the account's groups, filtered by name afterwards.
  statement {
    sid       = "FindLogGroup"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["${local.arn.logs}:log-group:*"]
  }

  # Know no resources. The provider asks for the limits before it makes a stream.
  statement {
    sid       = "FindKeyAndLimits"
    actions   = ["kinesis:DescribeLimits", "kms:ListAliases"]
    resources = ["*"]
  }
}
