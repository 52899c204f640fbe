output "name" {
  description = "Name of the repository."
  value       = aws_ecr_repository.this.name
}

output "arn" {
  description = "ARN of the repository."
  value       = aws_ecr_repository.this.arn
}

output "repository_url" {
  description = "URL of the repository, for `docker push` and `docker pull`."
  value       = aws_ecr_repository.this.repository_url
}

output "image_tag" {
  description = "Tag of the image, from the hash of everything it is built from; null without a build."
  value       = one(module.build[*].image_tag)
}

output "image_uri" {
  description = "Built image by digest, for a function; null without a build."
  value       = one([for image in data.aws_ecr_image.this : "${aws_ecr_repository.this.repository_url}@${image.image_digest}"])

  # Terraform creates the function once Lambda may pull its image.
  depends_on = [aws_ecr_repository_policy.this]
}

output "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the images; null for ECR's own key."
  value       = aws_ecr_repository.this.encryption_configuration[0].encryption_type == "KMS" ? aws_ecr_repository.this.encryption_configuration[0].kms_key : null
}
