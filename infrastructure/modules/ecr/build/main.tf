# The tag is a hash over everything that goes into the image. The same inputs give the same tag on every machine, and
# other inputs another one, so an immutable tag never has to be overwritten.

locals {
  # The service's .dockerignore is an allow list: "*", then the included paths as "!path", then exclusions from these.
  # https://docs.docker.com/build/concepts/context/#negating-matches
  ignore_file  = "${var.context}/.dockerignore"
  ignore_lines = [for line in try(split("\n", file(local.ignore_file)), []) : trimspace(line)]

  # With another kind of .dockerignore, or none, every file counts: one build too many is better than one too few.
  admitted_paths = (
    contains(local.ignore_lines, "*")
    ? [for line in local.ignore_lines : trimprefix(trim(substr(line, 1, -1), " /"), "./") if startswith(line, "!")]
    : ["."]
  )

  # A path may be a file or a folder. "." is the whole context: "./**" would not match.
  context_files = toset(flatten([
    for path in local.admitted_paths : [
      for pattern in path == "." ? ["**"] : [path, "${path}/**"] : [
        for file in try(fileset(var.context, pattern), []) : file
        if !can(regex("(^|/)__pycache__/|\\.pyc$", file))
      ]
    ]
  ]))

  # Lambda and the engines have different names for the architectures.
  platform = { x86_64 = "linux/amd64", arm64 = "linux/arm64" }[var.architecture]

  build_hash = sha256(jsonencode({
    files      = { for file in local.context_files : file => filesha256("${var.context}/${file}") }
    dockerfile = try(filesha256(var.dockerfile), null)
    build_args = var.build_args
    platform   = local.platform
  }))

  image_tag = "sha-${substr(local.build_hash, 0, 32)}"
}

# Builds and pushes when an input of the image has changed or the repository is new, and only then.
resource "terraform_data" "image" {
  triggers_replace = {
    repository_url = var.repository_url
    tag            = local.image_tag
  }

  # Checked by the plan, before the repository is created.
  lifecycle {
    precondition {
      condition     = length(local.context_files) > 0
      error_message = "The build context ${var.context} is not a folder, or its .dockerignore excludes every file. Set lambda_function_local_path to the folder of the service, or image_uri to an existing image."
    }

    precondition {
      condition     = try(fileexists(var.dockerfile), false)
      error_message = "The Dockerfile ${var.dockerfile} does not exist. Set docker_image_local_path to its path, or image_uri to an existing image."
    }
  }

  # Values pass through the environment, where no shell interprets them. The state keeps none of them.
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
