# A module of its own, because a test cannot do without the resource that builds, but without a module.
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

# The digest of what was pushed. The dependency puts off reading it while there is something to build; the name is the
# variable, because a reference to the repository would put it off at every change of that, too.
data "aws_ecr_image" "this" { # not found? terraform apply -replace='module.ecr[0].module.build[0].terraform_data.image'
  count      = length(module.build)
  depends_on = [module.build]

  repository_name = var.name
  image_tag       = module.build[0].image_tag
}
