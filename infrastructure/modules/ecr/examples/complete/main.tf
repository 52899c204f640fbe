provider "aws" {
  region = "ap-south-1"
}

module "repository" {
  source = "../.."

  name          = "example"
  function_name = "example"
  keep_images   = 10

  # Builds this folder with docker and pushes the image; without a build context the module only creates the repository.
  build_context = "${path.module}/image"
  dockerfile    = "${path.module}/image/Dockerfile"
  architecture  = "arm64"
}

output "image_uri" {
  description = "Image by digest, for a function."
  value       = module.repository.image_uri
}
