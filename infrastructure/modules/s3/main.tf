# A private bucket: no public access, no ACLs, encrypted, versioned, TLS only.

resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV_AWS_18:access logs need another bucket, which cannot log itself; CloudTrail data events are up to the account
  # checkov:skip=CKV_AWS_144:models are also in MLflow's registry, and failed events are redriven in this region; old versions are the way back
  # checkov:skip=CKV2_AWS_61:it is below, but checkov cannot follow the key's ARN through the function's module; tests/s3.tftest.hcl checks it
  # checkov:skip=CKV2_AWS_62:nothing waits for new objects; alarms count failed events (docs/monitoring.md)
  bucket        = var.name
  force_destroy = var.force_destroy
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket = aws_s3_bucket.this.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }

    # S3 calls KMS now and then instead of for every object.
    bucket_key_enabled = var.kms_key_arn == null ? null : true
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  count = var.expiration_days == null && var.noncurrent_expiration_days == null ? 0 : 1

  # Rules for noncurrent versions only apply once versioning is on.
  bucket = aws_s3_bucket_versioning.this.bucket

  rule {
    id     = "clean-up"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    dynamic "noncurrent_version_expiration" {
      for_each = var.noncurrent_expiration_days[*]

      content {
        noncurrent_days = noncurrent_version_expiration.value
      }
    }

    dynamic "expiration" {
      for_each = var.expiration_days[*]

      content {
        days = expiration.value
      }
    }
  }
}

data "aws_iam_policy_document" "tls_only" {
  # The only policy that names all actions: it denies, so a shorter list would allow more.
  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html (enforce encryption in transit)
  statement {
    sid       = "DenyWithoutTLS"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  # S3 refuses concurrent changes of these two with OperationAborted.
  depends_on = [aws_s3_bucket_public_access_block.this]

  bucket = aws_s3_bucket.this.id
  policy = data.aws_iam_policy_document.tls_only.json
}
