# Built and pushed when, and only when, what the image is made of changed, or the repository is a new one.
resource "terraform_data" "image" {
  triggers_replace = {
    repository_url = var.repository_url
    tag            = local.image_tag
  }

  # At plan time, and not after the repository was made.
  lifecycle {
    precondition {
      condition     = length(local.context_files) > 0
      error_message = "The build context ${var.context} is no folder, or its .dockerignore admits no file: set lambda_function_local_path to the folder of the service, or image_uri to an image that is built already."
    }

    precondition {
      condition     = try(fileexists(var.dockerfile), false)
      error_message = "The Dockerfile ${var.dockerfile} does not exist: set docker_image_local_path to its path, or image_uri to an image that is built already."
    }
  }

  # Values go through the environment, where no shell interprets them. None of them is kept in the state.
  provisioner "local-exec" {
    interpreter = ["bash"]
    command     = "${path.module}/build.sh"

    environment = {
      IMAGE_ENGINE           = var.container_engine
      IMAGE_REPOSITORY_URL   = var.repository_url
      IMAGE_TAG              = local.image_tag
      IMAGE_CONTEXT          = var.context
      IMAGE_DOCKERFILE       = var.dockerfile
      IMAGE_PLATFORM         = local.platform
      IMAGE_BUILD_ARGS       = join("\n", [for name, value in var.build_args : "${name}=${value}"])
      IMAGE_REGION           = var.region
      IMAGE_PASSWORD_COMMAND = var.password_command == null ? "" : var.password_command
    }
  }
}
