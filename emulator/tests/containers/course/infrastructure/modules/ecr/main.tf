variable "repository" {}
variable "tag" { default = "latest" }
variable "account_id" {}
variable "region" {}
variable "function_files" { type = list(string) }

resource "aws_ecr_repository" "repo" {
  name                 = var.repository
  image_tag_mutability = "MUTABLE"
  force_delete         = true

  image_scanning_configuration { scan_on_push = false }
}

resource "terraform_data" "image" {
  triggers_replace = [for file in var.function_files : md5(file(file))]

  provisioner "local-exec" {
    command = <<-EOF
      aws ecr get-login-password --region ${var.region} | docker login --username AWS --password-stdin ${var.account_id}.dkr.ecr.${var.region}.amazonaws.com
      cd ../
      docker build -t ${aws_ecr_repository.repo.repository_url}:${var.tag} .
      docker push ${aws_ecr_repository.repo.repository_url}:${var.tag}
    EOF
  }
}

# Lambda needs the image when the function is created.
data "aws_ecr_image" "image" {
  repository_name = var.repository
  image_tag       = var.tag
  depends_on      = [terraform_data.image]
}

output "image_uri" { value = "${aws_ecr_repository.repo.repository_url}:${data.aws_ecr_image.image.image_tag}" }
