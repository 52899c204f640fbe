# What Terraform, the image build and the smoke test do to the resources of one stage. A plan needs `read`; a deployment
# and a destroy need `write` as well.

locals {
  function_name = "${var.lambda_function_name}_${var.project_id}"
  function_arn  = "${local.arn.lambda}:function:${local.function_name}"
  log_group_arn = "${local.arn.logs}:log-group:/aws/lambda/${local.function_name}"

  arn = {
    for service in ["kinesis", "lambda", "logs", "ecr", "cloudwatch", "kms"] :
    service => "arn:${var.partition}:${service}:${var.aws_region}:${var.account_id}"
  }

  statements = {
    Streams = {
      resources = [for name in [var.source_stream_name, var.output_stream_name] : "${local.arn.kinesis}:stream/${name}-${var.project_id}"]
      read      = ["kinesis:DescribeStreamSummary", "kinesis:ListTagsForStream"]
      write = [
        "kinesis:AddTagsToStream", "kinesis:CreateStream", "kinesis:DecreaseStreamRetentionPeriod", "kinesis:DeleteStream",
        "kinesis:DisableEnhancedMonitoring", "kinesis:EnableEnhancedMonitoring", "kinesis:GetRecords",
        "kinesis:GetShardIterator", "kinesis:IncreaseStreamRetentionPeriod", "kinesis:ListShards", "kinesis:PutRecords",
        "kinesis:RemoveTagsFromStream", "kinesis:StartStreamEncryption", "kinesis:StopStreamEncryption",
        "kinesis:UpdateShardCount",
      ]
    }

    Buckets = {
      resources = local.bucket_arns
      read = [
        "s3:GetAccelerateConfiguration", "s3:GetBucketAcl", "s3:GetBucketCORS", "s3:GetBucketLogging",
        "s3:GetBucketObjectLockConfiguration", "s3:GetBucketOwnershipControls",
        "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketRequestPayment", "s3:GetBucketTagging",
        "s3:GetBucketVersioning", "s3:GetBucketWebsite", "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration", "s3:GetReplicationConfiguration", "s3:ListBucket",
      ]
      write = [
        "s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:ListBucketVersions",
        "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging",
        "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration",
      ]
    }

    # A deployment publishes the model, the smoke test reads failed events, and a destroy with force_destroy empties both.
    Objects = {
      resources = [for arn in local.bucket_arns : "${arn}/*"]
      read      = []
      write     = ["s3:DeleteObjectVersion", "s3:GetObject", "s3:PutObject"]
    }

    Repository = {
      resources = ["${local.arn.ecr}:repository/${var.ecr_repo_name}_${var.project_id}"]
      read = [
        "ecr:DescribeImages", "ecr:DescribeRepositories", "ecr:GetLifecyclePolicy", "ecr:GetRepositoryPolicy",
        "ecr:ListTagsForResource",
      ]
      write = [
        "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:CreateRepository",
        "ecr:DeleteLifecyclePolicy", "ecr:DeleteRepository", "ecr:DeleteRepositoryPolicy",
        "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:PutImageScanningConfiguration",
        "ecr:PutImageTagMutability", "ecr:PutLifecyclePolicy",
        "ecr:SetRepositoryPolicy", "ecr:TagResource", "ecr:UntagResource", "ecr:UploadLayerPart",
      ]
    }

    # The ARN of a version or alias is the function's with a qualifier.
    Function = {
      resources = [local.function_arn, "${local.function_arn}:*"]
      read = [
        "lambda:GetAlias", "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig", "lambda:ListVersionsByFunction",
      ]
      write = [
        "lambda:CreateAlias", "lambda:CreateFunction", "lambda:DeleteAlias", "lambda:DeleteFunction",
        "lambda:DeleteFunctionConcurrency", "lambda:GetFunctionConfiguration", "lambda:PublishVersion",
        "lambda:PutFunctionConcurrency", "lambda:TagResource", "lambda:UntagResource", "lambda:UpdateAlias",
        "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
      ]
    }

    # CreateRole and PutRolePolicy let a deployer decide what the function may do; see docs/decisions.
    Role = {
      resources = [local.role_arn]
      read      = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
      write = [
        "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:ListInstanceProfilesForRole",
        "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy",
        "iam:UpdateRoleDescription",
      ]
    }

    LogGroup = {
      resources = [local.log_group_arn, "${local.log_group_arn}:*"]
      read      = ["logs:DescribeMetricFilters", "logs:ListTagsForResource"]
      write = [
        "logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteMetricFilter",
        "logs:DeleteRetentionPolicy", "logs:DisassociateKmsKey", "logs:PutMetricFilter", "logs:PutRetentionPolicy",
        "logs:TagResource", "logs:UntagResource",
      ]
    }

    # A key's id is not known in advance, so the tags that providers.tf gives every resource are the limit. The key's own
    # policy and the statements above limit what is read and written with it.
    # Kinesis' encryption actions apply to both stream and key:
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesisdatastreams.html
    Key = {
      resources = ["${local.arn.kms}:key/*"]
      tagged    = true
      read      = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListResourceTags"]
      write = [
        "kinesis:StartStreamEncryption", "kinesis:StopStreamEncryption", "kms:CreateAlias", "kms:CreateGrant",
        "kms:Decrypt", "kms:DeleteAlias", "kms:EnableKeyRotation", "kms:GenerateDataKey", "kms:PutKeyPolicy",
        "kms:RetireGrant", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateKeyDescription",
      ]
    }

    KeyName = {
      resources = ["${local.arn.kms}:alias/store-sales-${var.project_id}"]
      read      = []
      write     = ["kms:CreateAlias", "kms:DeleteAlias"]
    }

    Alarms = {
      resources = ["${local.arn.cloudwatch}:alarm:${local.function_name}-*"]
      read      = ["cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"]
      write     = ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "cloudwatch:UntagResource"]
    }

    Dashboard = {
      resources = ["arn:${var.partition}:cloudwatch::${var.account_id}:dashboard/${local.function_name}-overview"]
      read      = ["cloudwatch:GetDashboard"]
      write     = ["cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"]
    }
  }

  # The same as in providers.tf.
  tags = { Project = "store-sales", Stage = var.project_id }

  role_arn    = "arn:${var.partition}:iam::${var.account_id}:role/${local.function_name}_lambda"
  bucket_arns = [for name in [var.model_bucket, var.failed_events_bucket] : "arn:${var.partition}:s3:::${name}-${var.project_id}"]
}
