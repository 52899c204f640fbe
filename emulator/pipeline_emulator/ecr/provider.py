"""The ECR operations that moto lacks, or that it answers without looking at real images."""

from base64 import b64encode
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext, ServiceRequest, ServiceResponse, handler
from localstack.aws.skeleton import DispatchTable, create_dispatch_table
from localstack.aws.spec import load_service
from localstack.services.moto import call_moto, call_moto_with_request
from localstack.services.plugins import Service
from moto.ecr.models import ecr_backends

from pipeline_emulator.authorization import registry_access
from pipeline_emulator.ecr import image_batches, image_lists, lifecycle, requests, scans
from pipeline_emulator.ecr.credentials import PASSWORDS, USER, Bearer, Scope
from pipeline_emulator.ecr.errors import RepositoryNotEmptyError, RepositoryNotFoundError
from pipeline_emulator.ecr.images import all_images
from pipeline_emulator.ecr.paging import page
from pipeline_emulator.ecr.put_image import put_image
from pipeline_emulator.ecr.repositories import Repository, find_repository
from pipeline_emulator.ecr.settings import public_host


class EcrProvider:
    """Implements these operations; moto implements all others."""

    service = "ecr"

    @handler("GetAuthorizationToken", expand=False)
    def get_authorization_token(self, context: RequestContext, request: Any) -> Any:
        """Return a password with the permissions of the user or session that requests it.

        The response has one entry per registry in the request, all with the same password.
        """
        bearer = Bearer(Scope(context.account_id, context.region), registry_access.issued_key(context))
        password, expires = PASSWORDS.issue(bearer)
        token = b64encode(f"{USER}:{password}".encode()).decode()
        entry = {
            "authorizationToken": token,
            "expiresAt": expires,
            "proxyEndpoint": f"http://{public_host(context.request.host)}",
        }
        return {"authorizationData": [entry] * len(request.get("registryIds") or [context.account_id])}

    @handler("CreateRepository", expand=False)
    def create_repository(self, context: RequestContext, request: Any) -> Any:
        """Create the repository, with its address on the gateway."""
        requests.check_name(request["repositoryName"])
        requests.check_tags(request.get("tags") or ())
        answer: Any = call_moto(context)
        return {"repository": _addressed(answer["repository"], context)}

    @handler("DescribeRepositories", expand=False)
    def describe_repositories(self, context: RequestContext, request: Any) -> Any:
        """Describe repositories with their addresses on the gateway."""
        _check_registry(context, request)
        requests.check_page_of_repositories(request)
        answer: Any = call_moto(context)
        repositories = sorted(answer["repositories"], key=lambda entry: str(entry["repositoryName"]))
        chosen, token = page(repositories, lambda entry: str(entry["repositoryName"]), request)
        return {"repositories": [_addressed(entry, context) for entry in chosen], **token}

    @handler("DeleteRepository", expand=False)
    def delete_repository(self, context: RequestContext, request: Any) -> Any:
        """Delete the repository; if it contains images, only with `force`."""
        repository = _repository(context, request)
        with repository.content.lock:
            if not request.get("force") and all_images(repository):
                raise RepositoryNotEmptyError(repository.name, repository.registry_id)
            answer: Any = call_moto(context)
        return {"repository": _addressed(answer["repository"], context)}

    @handler("TagResource", expand=False)
    def tag_resource(self, context: RequestContext, request: Any) -> Any:
        """Add tags to the repository."""
        tagger: Any = ecr_backends[context.account_id][context.region].tagger
        requests.check_tags(request["tags"], tagger.list_tags_for_resource(request["resourceArn"])["tags"])
        return call_moto(context)

    @handler("DescribeImages", expand=False)
    def describe_images(self, context: RequestContext, request: Any) -> Any:
        """Describe the registry's images."""
        return image_lists.describe_images(_repository(context, request), request)

    @handler("ListImages", expand=False)
    def list_images(self, context: RequestContext, request: Any) -> Any:
        """List the registry's tags and untagged images."""
        return image_lists.list_images(_repository(context, request), request)

    @handler("BatchGetImage", expand=False)
    def batch_get_image(self, context: RequestContext, request: Any) -> Any:
        """Return manifests."""
        return image_batches.batch_get_image(_repository(context, request), request)

    @handler("BatchDeleteImage", expand=False)
    def batch_delete_image(self, context: RequestContext, request: Any) -> Any:
        """Delete tags and images."""
        return image_batches.batch_delete_image(_repository(context, request), request)

    @handler("BatchCheckLayerAvailability", expand=False)
    def batch_check_layer_availability(self, context: RequestContext, request: Any) -> Any:
        """Return which layers the registry has."""
        return image_batches.batch_check_layer_availability(_repository(context, request), request)

    @handler("PutRegistryScanningConfiguration", expand=False)
    def put_registry_scanning_configuration(self, context: RequestContext, request: Any) -> Any:
        """Set the registry's scanning; both parameters are optional, and moto fails without rules."""
        complete: Any = {**request, "rules": request.get("rules") or []}
        return call_moto_with_request(context, complete)

    @handler("StartLifecyclePolicyPreview", expand=False)
    def start_lifecycle_policy_preview(self, context: RequestContext, request: Any) -> Any:
        """Evaluate a policy without deleting anything."""
        return lifecycle.start_preview(_repository(context, request), request)

    @handler("GetLifecyclePolicyPreview", expand=False)
    def get_lifecycle_policy_preview(self, context: RequestContext, request: Any) -> Any:
        """Return what the previewed policy would expire."""
        return lifecycle.preview(_repository(context, request), request)

    @handler("StartImageScan", expand=False)
    def start_image_scan(self, context: RequestContext, request: Any) -> Any:
        """Refuse: nothing scans."""
        return scans.start(_repository(context, request), request)

    @handler("DescribeImageScanFindings", expand=False)
    def describe_image_scan_findings(self, context: RequestContext, request: Any) -> Any:
        """Say that no image was scanned."""
        return scans.findings(_repository(context, request), request)

    @handler("PutImage", expand=False)
    def put_image(self, context: RequestContext, request: Any) -> Any:
        """Store a manifest."""
        return put_image(_repository(context, request), request)


def _repository(context: RequestContext, request: Any) -> Repository:
    scope = Scope(context.account_id, context.region)
    return find_repository(scope, request["repositoryName"], request.get("registryId"))


def _addressed(repository: dict[str, Any], context: RequestContext) -> dict[str, Any]:
    return {**repository, "repositoryUri": f"{public_host(context.request.host)}/{repository['repositoryName']}"}


def create_service() -> Service:
    """Return the service: this provider's operations, and moto's for the rest of the service model."""
    return Service.for_provider(EcrProvider(), dispatch_table_factory=_dispatch_table)


def _dispatch_table(provider: object) -> DispatchTable:
    # Core's MotoFallbackDispatcher looks operations up in the generated API class, and core has none for ECR.
    table: DispatchTable = dict.fromkeys(load_service("ecr").operation_names, _call_moto)
    return {**table, **create_dispatch_table(provider)}


def _call_moto(context: RequestContext, request: ServiceRequest) -> ServiceResponse:
    _check_registry(context, request)
    return call_moto(context)


def _check_registry(context: RequestContext, request: Any) -> None:
    """Refuse another account's registry, which moto takes for the own one.

    Raises:
        RepositoryNotFoundError: the request names a repository in it.
        CommonServiceException: it names none.
    """
    registry = request.get("registryId")
    if registry in (None, context.account_id):
        return
    names = [request.get("repositoryName"), *(request.get("repositoryNames") or [])]
    if named := [name for name in names if name]:
        raise RepositoryNotFoundError(named[0], registry)
    assert context.operation is not None
    raise CommonServiceException(
        "AccessDeniedException",
        f"Account {context.account_id} is not authorized to perform: ecr:{context.operation.name} on registry"
        f" {registry} because no resource-based policy allows the action",
        sender_fault=True,
    )
