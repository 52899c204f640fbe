module "image" {
  source = "../.."

  context        = "${path.module}/../../../examples/complete/image"
  dockerfile     = "${path.module}/../../../examples/complete/image/Dockerfile"
  repository_url = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/example"
  region         = "ap-south-1"
  build_args     = { PYTHON = "3.13" }
}

output "image_tag" {
  description = "Tag of the image."
  value       = module.image.image_tag
}
