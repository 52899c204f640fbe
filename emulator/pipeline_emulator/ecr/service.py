"""The service LocalStack routes requests for ECR to."""

from localstack.aws.api import RequestContext, ServiceRequest, ServiceResponse
from localstack.aws.skeleton import DispatchTable, create_dispatch_table
from localstack.aws.spec import load_service
from localstack.services.moto import call_moto
from localstack.services.plugins import Service

from pipeline_emulator.ecr.provider import EcrProvider


def create_service() -> Service:
    """Return the service: operations of the provider, and moto for all others of the service model."""
    return Service.for_provider(EcrProvider(), dispatch_table_factory=_dispatch_table)


def _dispatch_table(provider: object) -> DispatchTable:
    # Core's MotoFallbackDispatcher finds operations in the generated API class, and core has none for ECR.
    table: DispatchTable = dict.fromkeys(load_service("ecr").operation_names, _call_moto)
    return {**table, **create_dispatch_table(provider)}


def _call_moto(context: RequestContext, request: ServiceRequest) -> ServiceResponse:  # noqa: ARG001
    return call_moto(context)
