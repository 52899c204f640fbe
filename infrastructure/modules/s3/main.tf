# A private bucket: no public access, no ACLs, encrypted, TLS only, versioned.

resource "aws_s3_bucket" "this" {
  # checkov:skip=CKV_AWS_18:access logs need a bucket of their own, which may not log itself; CloudTrail data events are the account's choice
  # checkov:skip=CKV_AWS_144:models are in MLflow's registry and failed events for redrive in this region; versions are the way back
  # checkov:skip=CKV2_AWS_61:it is below; checkov loses it since the key's ARN comes through the function's module. tests/s3.tftest.hcl looks
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

    # S3 asks KMS once in a while and not for every object.
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

  # Rules for noncurrent versions mean something only once versioning is on.
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
