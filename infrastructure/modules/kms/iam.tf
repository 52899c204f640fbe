# Who may use the key. The account as principal leaves the choice of users and roles to IAM; what is not listed here, such
# as decrypting by a direct call of KMS, nobody can be given.
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
  # checkov:skip=PIPELINE_RESOURCES_NAMED:the only resource of a key policy is its key, which AWS has written as *
  # checkov:skip=CKV_AWS_356:the same
  # checkov:skip=CKV_AWS_111:the same
  # checkov:skip=CKV_AWS_109:the same
  # The resource of a key policy is its key, and can only be written as "*".
  # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html

  # To manage it, not to read with it. With these the key cannot become unmanageable, which KMS checks when it is made.
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

  # Whoever may read or write a stream or an object may do so only with these on the key as well, and through no other service.
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

  # ECR reads and writes images with grants, which it makes as whoever creates the repository, and ends with it.
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

  # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html, its wildcards written out
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
