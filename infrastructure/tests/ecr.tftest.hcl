# Module ecr: immutable tags, scans, and which images expire.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name          = "store_sales_test"
  function_name = "store_sales_fn"
}

run "repository" {
  module {
    source = "./modules/ecr"
  }

  variables {
    keep_images              = 5
    untagged_expiration_days = 2
  }

  assert {
    condition     = aws_ecr_repository.this.name == "store_sales_test" && output.name == "store_sales_test"
    error_message = "The repository has the wrong name."
  }

  assert {
    condition     = output.repository_url == aws_ecr_repository.this.repository_url && output.arn == aws_ecr_repository.this.arn
    error_message = "Outputs repository_url and arn are not the repository's."
  }

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE"
    error_message = "Tags must be immutable: a deployed tag must keep its image."
  }

  assert {
    condition     = aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "Images are not scanned on push."
  }

  assert {
    condition     = aws_ecr_repository.this.encryption_configuration[0].encryption_type == "AES256"
    error_message = "Images are not encrypted."
  }

  assert {
    condition     = aws_ecr_repository.this.force_delete == false
    error_message = "By default a repository with images must survive a destroy."
  }

  assert {
    condition     = aws_ecr_lifecycle_policy.this.repository == "store_sales_test"
    error_message = "The lifecycle policy is on another repository."
  }

  assert {
    condition = tolist([
      for rule in jsondecode(aws_ecr_lifecycle_policy.this.policy).rules :
      "${rule.selection.tagStatus} ${rule.selection.countType} ${rule.selection.countNumber} ${rule.action.type}"
    ]) == tolist(["untagged sinceImagePushed 2 expire", "any imageCountMoreThan 5 expire"])
    error_message = "The lifecycle policy does not expire what it should: ${aws_ecr_lifecycle_policy.this.policy}"
  }
}

run "no_image_without_a_build_context" {
  module {
    source = "./modules/ecr"
  }

  assert {
    condition     = length(module.build) == 0 && length(data.aws_ecr_image.this) == 0 && output.image_uri == null && output.image_tag == null
    error_message = "Without a build context, the module must build and read no image."
  }
}

run "image_by_digest" {
  module {
    source = "./modules/ecr"
  }

  # An apply would run the build.
  override_module {
    target  = module.build
    outputs = { image_tag = "sha-0123456789abcdef0123456789abcdef" }
  }

  variables {
    build_context = "tests/fixtures/image/service"
    dockerfile    = "tests/fixtures/image/service/Dockerfile"
  }

  assert {
    condition = alltrue([
      data.aws_ecr_image.this[0].repository_name == "store_sales_test",
      data.aws_ecr_image.this[0].image_tag == "sha-0123456789abcdef0123456789abcdef",
      output.image_tag == "sha-0123456789abcdef0123456789abcdef",
    ])
    error_message = "The digest is not read from the pushed tag."
  }

  assert {
    condition     = output.image_uri == "123456789012.dkr.ecr.ap-south-1.amazonaws.com/mocked@sha256:00000000000000000000000000000000000000000000000000000000000000ed"
    error_message = "The function must be deployed by digest, not as ${output.image_uri}."
  }
}

run "force_delete" {
  command = plan

  module {
    source = "./modules/ecr"
  }

  variables {
    force_delete = true
  }

  assert {
    condition     = aws_ecr_repository.this.force_delete
    error_message = "force_delete does not reach the repository."
  }
}

run "refuses_wrong_values" {
  command = plan

  module {
    source = "./modules/ecr"
  }

  variables {
    name                     = "Store_Sales"
    function_name            = "store sales"
    keep_images              = 1
    untagged_expiration_days = 0
  }

  expect_failures = [var.name, var.function_name, var.keep_images, var.untagged_expiration_days]
}

run "encrypted_with_a_key" {
  state_key = "another repository"

  module {
    source = "./modules/ecr"
  }

  variables {
    kms_key_arn = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition = alltrue([
      aws_ecr_repository.this.encryption_configuration[0].encryption_type == "KMS",
      aws_ecr_repository.this.encryption_configuration[0].kms_key == var.kms_key_arn,
      output.kms_key_arn == var.kms_key_arn,
    ])
    error_message = "Images of a new repository are not encrypted with the key."
  }
}

# The repository that the runs above created. ECR cannot change its encryption: the plan would replace it, with all images.
run "existing_repository_keeps_its_encryption" {
  module {
    source = "./modules/ecr"
  }

  variables {
    kms_key_arn = "arn:aws:kms:ap-south-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  }

  assert {
    condition     = aws_ecr_repository.this.encryption_configuration[0].encryption_type == "AES256" && output.kms_key_arn == null
    error_message = "A key must not replace an existing repository."
  }
}
