"""ECR, which LocalStack's open core lacks: moto stores the repositories, a real registry the images.

Clients reach the registry only through LocalStack's gateway, at /v2/ (`proxy`). The API's operations on images
(`provider`) read the registry at every request.
"""
