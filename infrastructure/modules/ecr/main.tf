locals {
  # arn:<partition>:ecr:<region>:<account>:repository/<name>
  repository_arn = split(":", aws_ecr_repository.this.arn)
  function_arn = format(
    "arn:%s:lambda:%s:%s:function:%s",
    local.repository_arn[1], local.repository_arn[3], local.repository_arn[4], var.function_name,
  )
}

resource "aws_ecr_repository" "this" {
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = var.force_delete

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = var.kms_key_arn == null ? "AES256" : "KMS"
    kms_key         = var.kms_key_arn
  }

  lifecycle {
    # ECR cannot change it. A replacement would delete the images that functions run.
    ignore_changes = [encryption_configuration]
  }
}

data "aws_iam_policy_document" "pull" {
  statement {
    sid     = "LambdaPullsTheImage"
    actions = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "aws:SourceArn"
      # Also with a qualifier: Lambda pulls the image of a published version again after weeks without an event.
      values = [local.function_arn, "${local.function_arn}:*"]
    }
  }
}

# Lambda adds such a statement itself if the function's creator may set repository policies, and then the next plan would
# show a change. Account, region and partition are the repository's: Lambda only takes images from its own region.
resource "aws_ecr_repository_policy" "this" {
  repository = aws_ecr_repository.this.name
  policy     = data.aws_iam_policy_document.pull.json
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Remove images that lost their tag"
        selection = {
          tagStatus   = "untagged"
          countType   = "sinceImagePushed"
          countUnit   = "days"
          countNumber = var.untagged_expiration_days
        }
        action = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "Keep the newest images"
        selection = {
          tagStatus   = "any"
          countType   = "imageCountMoreThan"
          countNumber = var.keep_images
        }
        action = { type = "expire" }
      },
    ]
  })
}

# A module, because a test can override a module, but not the resource that builds.
module "build" {
  source = "./build"
  count  = var.build_context == null ? 0 : 1

  context          = var.build_context
  dockerfile       = var.dockerfile
  architecture     = var.architecture
  build_args       = var.build_args
  repository_url   = aws_ecr_repository.this.repository_url
  region           = local.repository_arn[3]
  container_engine = var.container_engine
  password_command = var.password_command
}

# The digest of the pushed image. The dependency puts off reading it while there is an image to build. The name comes from
# the variable, because a reference to the repository would put it off at every change of the repository as well.
data "aws_ecr_image" "this" { # not found? terraform apply -replace='module.ecr[0].module.build[0].terraform_data.image'
  count      = length(module.build)
  depends_on = [module.build]

  repository_name = var.name
  image_tag       = module.build[0].image_tag
}
