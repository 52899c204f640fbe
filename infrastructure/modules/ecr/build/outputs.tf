output "image_tag" {
  description = "Tag of the image, from the hash of everything it is built from."
  value       = local.image_tag
}
