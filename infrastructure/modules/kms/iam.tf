# Who may use the key. With the account as principal, IAM policies choose the users and roles. What is not listed here, such
# as decrypting with a direct call to KMS, cannot be granted to anyone.
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html

data "aws_caller_identity" "this" {}

data "aws_partition" "this" {}

data "aws_region" "this" {}

locals {
  partition  = data.aws_partition.this.partition
  account_id = data.aws_caller_identity.this.account_id
  account    = "arn:${local.partition}:iam::${local.account_id}:root"
  region     = data.aws_region.this.name
}

data "aws_iam_policy_document" "key" {
  # checkov:skip=PIPELINE_RESOURCES_NAMED:the only resource of a key policy is its key, which AWS writes as *
  # checkov:skip=CKV_AWS_356:the same
  # checkov:skip=CKV_AWS_111:the same
  # checkov:skip=CKV_AWS_109:the same
  # In a key policy "*" is the key itself.
  # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html

  # To manage the key, not to read data. KMS refuses a new key whose policy would make it unmanageable.
  statement {
    sid = "AdministeredThroughIAM"
    actions = [
      "kms:CancelKeyDeletion",
      "kms:CreateAlias",
      "kms:DeleteAlias",
      "kms:DescribeKey",
      "kms:DisableKey",
      "kms:EnableKey",
      "kms:EnableKeyRotation",
      "kms:GetKeyPolicy",
      "kms:GetKeyRotationStatus",
      "kms:ListGrants",
      "kms:ListKeyPolicies",
      "kms:ListResourceTags",
      "kms:PutKeyPolicy",
      "kms:RevokeGrant",
      "kms:ScheduleKeyDeletion",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:UpdateAlias",
      "kms:UpdateKeyDescription",
    ]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [local.account]
    }
  }

  # Reading or writing a stream or object also needs these actions on the key, and they work through these services only.
  statement {
    sid       = "DataThroughStreamsAndBuckets"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [local.account]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["kinesis.${local.region}.amazonaws.com", "s3.${local.region}.amazonaws.com"]
    }
  }

  # ECR uses grants: it creates them with the permissions of the repository's creator, and retires them with the repository.
  # https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
  statement {
    sid       = "ImagesByGrant"
    actions   = ["kms:CreateGrant", "kms:RetireGrant"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [local.account]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["ecr.${local.region}.amazonaws.com"]
    }
  }

  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html, with its wildcards written out
  statement {
    sid = "OneLogGroup"
    actions = [
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${local.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:${var.log_group_name}"]
    }
  }
}
