locals {
  # Names are known before the resources exist. With names instead of attributes, Terraform creates the function while the
  # provider still waits for the streams (about 20 s each).
  source_stream_name   = "${var.source_stream_name}-${var.project_id}"
  output_stream_name   = "${var.output_stream_name}-${var.project_id}"
  model_bucket         = "${var.model_bucket}-${var.project_id}"
  failed_events_bucket = "${var.failed_events_bucket}-${var.project_id}"
  lambda_function_name = "${var.lambda_function_name}_${var.project_id}"
  ecr_repo_name        = "${var.ecr_repo_name}_${var.project_id}"

  # An attribute, not a name: what the key encrypts can only be created after it.
  kms_key_arn = one(module.kms[*].arn)

  is_image = var.lambda_package_type == "Image"

  # Without image_uri, Terraform builds the image. Its digest is unknown until then.
  build_image = local.is_image && var.image_uri == null
  built_image = local.is_image ? module.ecr[0].image_uri : null
  image_uri   = var.image_uri != null ? var.image_uri : local.built_image
}
