output "name" {
  description = "Name of the repository."
  value       = aws_ecr_repository.this.name
}

output "arn" {
  description = "ARN of the repository."
  value       = aws_ecr_repository.this.arn
}

output "repository_url" {
  description = "URL of the repository, for docker push and pull."
  value       = aws_ecr_repository.this.repository_url
}

output "image_tag" {
  description = "Tag of the image, made of the hash of everything it is built from; null when none is built."
  value       = one(module.build[*].image_tag)
}

output "image_uri" {
  description = "The built image by digest, for a function; null when none is built."
  value       = one([for image in data.aws_ecr_image.this : "${aws_ecr_repository.this.repository_url}@${image.image_digest}"])

  # A function that runs an image from here is created once Lambda may pull it.
  depends_on = [aws_ecr_repository_policy.this]
}

output "kms_key_arn" {
  description = "ARN of the KMS key the images are encrypted with; null when it is ECR's own."
  value       = aws_ecr_repository.this.encryption_configuration[0].encryption_type == "KMS" ? aws_ecr_repository.this.encryption_configuration[0].kms_key : null
}
