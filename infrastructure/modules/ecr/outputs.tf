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

  # A function that runs an image from here is created once Lambda may pull it.
  depends_on = [aws_ecr_repository_policy.this]
}
