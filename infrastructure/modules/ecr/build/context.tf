# What the image is made of, and the tag that follows from it.
#
# One hash over everything that goes into the build: the same inputs have the same tag wherever they are built, other
# inputs have another one, so that an immutable tag never stands in the way.

locals {
  # The service's .dockerignore is an allow-list: "*", then the admitted paths as "!path", then what is left out of them.
  # https://docs.docker.com/build/concepts/context/#negating-matches
  ignore_file  = "${var.context}/.dockerignore"
  ignore_lines = [for line in try(split("\n", file(local.ignore_file)), []) : trimspace(line)]

  # Any other .dockerignore, and none at all, admits everything here: a build too many is better than one too few.
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

  # Lambda's names of the architectures are not the engines'.
  platform = { x86_64 = "linux/amd64", arm64 = "linux/arm64" }[var.architecture]

  build_hash = sha256(jsonencode({
    files      = { for file in local.context_files : file => filesha256("${var.context}/${file}") }
    dockerfile = try(filesha256(var.dockerfile), null)
    build_args = var.build_args
    platform   = local.platform
  }))

  image_tag = "sha-${substr(local.build_hash, 0, 32)}"
}
