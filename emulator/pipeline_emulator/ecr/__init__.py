"""ECR for LocalStack's open core, which has none: repositories are moto's, images are those of a real registry.

Clients reach the registry through LocalStack's own gateway only, at /v2/ (`proxy`). What the API says of images
(`image_operations`) is read from the registry each time it is asked.
"""
