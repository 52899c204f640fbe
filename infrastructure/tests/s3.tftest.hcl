# Module s3: private, encrypted, versioned, with the given lifecycle. Its policy is in s3_policy.tftest.hcl.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name = "store-sales-models-test"
}

run "private_bucket" {
  module {
    source = "./modules/s3"
  }

  assert {
    condition     = aws_s3_bucket.this.bucket == "store-sales-models-test" && output.name == "store-sales-models-test"
    error_message = "The bucket has the wrong name."
  }

  assert {
    condition     = output.arn == aws_s3_bucket.this.arn
    error_message = "Output arn is not the bucket's."
  }

  assert {
    condition     = aws_s3_bucket.this.force_destroy == false
    error_message = "By default a bucket with objects must survive a destroy."
  }

  assert {
    condition = alltrue([
      aws_s3_bucket_public_access_block.this.bucket == aws_s3_bucket.this.id,
      aws_s3_bucket_public_access_block.this.block_public_acls,
      aws_s3_bucket_public_access_block.this.block_public_policy,
      aws_s3_bucket_public_access_block.this.ignore_public_acls,
      aws_s3_bucket_public_access_block.this.restrict_public_buckets,
    ])
    error_message = "Public access is not blocked in all four ways."
  }

  assert {
    condition     = aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    error_message = "ACLs are not switched off."
  }

  assert {
    condition = (
      one(aws_s3_bucket_server_side_encryption_configuration.this.rule)
      .apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    )
    error_message = "Objects are not encrypted by default."
  }

  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "Versioning is not on."
  }

  assert {
    condition = alltrue([
      for bucket in [
        aws_s3_bucket_ownership_controls.this.bucket,
        aws_s3_bucket_server_side_encryption_configuration.this.bucket,
        aws_s3_bucket_versioning.this.bucket,
        aws_s3_bucket_policy.this.bucket,
      ] : bucket == aws_s3_bucket.this.id
    ])
    error_message = "A setting is on another bucket."
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this) == 0
    error_message = "Objects expire although no lifecycle is set."
  }
}

run "lifecycle" {
  command = plan

  module {
    source = "./modules/s3"
  }

  variables {
    expiration_days            = 90
    noncurrent_expiration_days = 30
    force_destroy              = true
  }

  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_lifecycle_configuration.this[0].rule : alltrue([
        rule.status == "Enabled",
        rule.expiration[0].days == 90,
        rule.noncurrent_version_expiration[0].noncurrent_days == 30,
        rule.abort_incomplete_multipart_upload[0].days_after_initiation == 7,
      ])
    ])
    error_message = "The lifecycle rule has the wrong number of days."
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this[0].rule) == 1
    error_message = "There must be exactly one lifecycle rule."
  }

  assert {
    condition     = aws_s3_bucket.this.force_destroy
    error_message = "force_destroy does not reach the bucket."
  }
}

run "only_old_versions_expire" {
  command = plan

  module {
    source = "./modules/s3"
  }

  variables {
    noncurrent_expiration_days = 30
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this[0].rule[0].expiration) == 0
    error_message = "Current objects expire although only old versions should."
  }
}

run "refuses_wrong_values" {
  command = plan

  module {
    source = "./modules/s3"
  }

  variables {
    name                       = "Store_Sales"
    expiration_days            = 0
    noncurrent_expiration_days = 0
  }

  expect_failures = [var.name, var.expiration_days, var.noncurrent_expiration_days]
}

run "encrypted_with_a_key" {
  command = plan

  module {
    source = "./modules/s3"
  }

  variables {
    kms_key_arn = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_server_side_encryption_configuration.this.rule : alltrue([
        rule.bucket_key_enabled,
        rule.apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms",
        rule.apply_server_side_encryption_by_default[0].kms_master_key_id == var.kms_key_arn,
      ])
    ])
    error_message = "New objects are not encrypted with the key, or S3 calls KMS for each."
  }
}
