"""Errors of ECR, with the codes and texts of AWS.

Those of the API carry AWS's code, the proxy gives the same texts the registry's codes:
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Operations.html. Texts are those that users of AWS report.
"""

from localstack.aws.api import CommonServiceException


class InvalidParameterError(CommonServiceException):
    """A parameter breaks its constraint."""

    def __init__(self, parameter: str, constraint: str) -> None:
        """Name the parameter and what it must satisfy."""
        message = f"Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'"
        super().__init__("InvalidParameterException", message)


class RepositoryNotFoundError(CommonServiceException):
    """The account has no such repository in the region."""

    def __init__(self, name: str, registry_id: str) -> None:
        """Name repository and account."""
        message = f"The repository with name '{name}' does not exist in the registry with id '{registry_id}'"
        super().__init__("RepositoryNotFoundException", message)


class RepositoryNotEmptyError(CommonServiceException):
    """The repository holds images, and its deletion was not forced."""

    def __init__(self, name: str, registry_id: str) -> None:
        """Name repository and account."""
        message = (
            f"The repository with name '{name}' in registry with id '{registry_id}' "
            "cannot be deleted because it still contains images"
        )
        super().__init__("RepositoryNotEmptyException", message)


class NoSuchImageError(CommonServiceException):
    """The repository has no such image."""

    def __init__(self, digest: str | None, tag: str | None, name: str, registry_id: str) -> None:
        """Name the image as it was asked for, with repository and account."""
        image_id = f"{{imageDigest:'{digest or 'null'}', imageTag:'{tag or 'null'}'}}"
        message = (
            f"The image with imageId {image_id} does not exist within the repository with name '{name}' "
            f"in the registry with id '{registry_id}'"
        )
        super().__init__("ImageNotFoundException", message)


class ImageAlreadyExistsError(CommonServiceException):
    """PutImage would change nothing."""

    def __init__(self, digest: str, tag: str | None, name: str, registry_id: str) -> None:
        """Name the image, repository and account."""
        tagged = f"Image with digest '{digest}' and tag '{tag}'" if tag else f"Image with digest '{digest}'"
        message = f"{tagged} already exists in the repository with name '{name}' in registry with id '{registry_id}'"
        super().__init__("ImageAlreadyExistsException", message)


class TagIsImmutableError(CommonServiceException):
    """The tag is that of another image, and the repository does not let it be moved."""

    def __init__(self, tag: str, name: str) -> None:
        """Name tag and repository."""
        message = (
            f"The image tag '{tag}' already exists in the '{name}' repository "
            "and cannot be overwritten because the tag is immutable."
        )
        super().__init__("ImageTagAlreadyExistsException", message)


class RegistryUnavailableError(CommonServiceException):
    """The registry behind the gateway is not set or does not answer."""

    def __init__(self, message: str) -> None:
        """Take cause and next step."""
        super().__init__("ServerException", message, status_code=503)
