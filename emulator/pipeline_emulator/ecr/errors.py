"""ECR's errors, with AWS's codes and the messages that users of AWS report.

The API returns AWS's codes, the proxy the registry's codes with the same messages:
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Operations.html
"""

from localstack.aws.api import CommonServiceException


class InvalidParameterError(CommonServiceException):
    """A parameter violates its constraint."""

    def __init__(self, parameter: str, constraint: str) -> None:
        message = f"Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'"
        super().__init__("InvalidParameterException", message)


class RepositoryNotFoundError(CommonServiceException):
    """The account has no such repository in the region."""

    def __init__(self, name: str, registry_id: str) -> None:
        message = f"The repository with name '{name}' does not exist in the registry with id '{registry_id}'"
        super().__init__("RepositoryNotFoundException", message)
        self.name = name


class RepositoryNotEmptyError(CommonServiceException):
    """The repository contains images and its deletion was not forced."""

    def __init__(self, name: str, registry_id: str) -> None:
        message = (
            f"The repository with name '{name}' in registry with id '{registry_id}' "
            "cannot be deleted because it still contains images"
        )
        super().__init__("RepositoryNotEmptyException", message)


class NoSuchImageError(CommonServiceException):
    """The repository has no such image."""

    def __init__(self, digest: str | None, tag: str | None, name: str, registry_id: str) -> None:
        image_id = f"{{imageDigest:'{digest or 'null'}', imageTag:'{tag or 'null'}'}}"
        message = (
            f"The image with imageId {image_id} does not exist within the repository with name '{name}' "
            f"in the registry with id '{registry_id}'"
        )
        super().__init__("ImageNotFoundException", message)


class ImageAlreadyExistsError(CommonServiceException):
    """PutImage would change nothing."""

    def __init__(self, digest: str, tag: str | None, name: str, registry_id: str) -> None:
        tagged = f"Image with digest '{digest}' and tag '{tag}'" if tag else f"Image with digest '{digest}'"
        message = f"{tagged} already exists in the repository with name '{name}' in registry with id '{registry_id}'"
        super().__init__("ImageAlreadyExistsException", message)


class TagIsImmutableError(CommonServiceException):
    """The tag belongs to another image and is immutable."""

    def __init__(self, tag: str, name: str) -> None:
        message = (
            f"The image tag '{tag}' already exists in the '{name}' repository "
            "and cannot be overwritten because the tag is immutable."
        )
        super().__init__("ImageTagAlreadyExistsException", message)


class RegistryUnavailableError(CommonServiceException):
    """The registry behind the gateway is not configured or does not respond. The message names the next step."""

    def __init__(self, message: str) -> None:
        super().__init__("ServerException", message, status_code=503)
