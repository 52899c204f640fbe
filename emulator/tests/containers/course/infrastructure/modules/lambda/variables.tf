variable "function_name" {}
variable "image_uri" {}
variable "model_bucket" {}
variable "source_stream_name" {}
variable "source_stream_arn" {}
variable "output_stream_name" {}
variable "output_stream_arn" {}
