"""Resource policies of streams and consumers, stored as text."""

from localstack.aws.api import RequestContext, handler

from pipeline_emulator.kinesis.provider.base import Operations, Request, Response, parsed_arn
from pipeline_emulator.kinesis.streams.errors import ResourceNotFoundError, StreamError
from pipeline_emulator.kinesis.streams.stream import Stream

NO_POLICY = "{}"
"""https://docs.aws.amazon.com/kinesis/latest/APIReference/API_GetResourcePolicy.html"""


class PolicyOperations(Operations):
    """PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy."""

    @handler("PutResourcePolicy", expand=False)
    def put_resource_policy(self, context: RequestContext, request: Request) -> None:
        """Replace the policy."""
        stream = self._owner(request["ResourceARN"], context)
        with stream.changing():
            stream.policies[request["ResourceARN"]] = request["Policy"]

    @handler("GetResourcePolicy", expand=False)
    def get_resource_policy(self, context: RequestContext, request: Request) -> Response:
        """Return the policy, or an empty one if there is none."""
        return {"Policy": self._owner(request["ResourceARN"], context).policies.get(request["ResourceARN"], NO_POLICY)}

    @handler("DeleteResourcePolicy", expand=False)
    def delete_resource_policy(self, context: RequestContext, request: Request) -> None:
        """Remove the policy."""
        arn = request["ResourceARN"]
        stream = self._owner(arn, context)
        with stream.changing():
            if stream.policies.pop(arn, None) is None:
                raise ResourceNotFoundError(f"No resource policy found for resource ARN {arn}")

    def policy_of(self, arn: str) -> str | None:
        """Return the policy of a stream or consumer; None if it has none or does not exist."""
        try:
            text = self._owner(arn).policies.get(arn)
        except StreamError:
            return None
        return None if text == NO_POLICY else text

    def _owner(self, arn: str, context: RequestContext | None = None) -> Stream:
        """Return the stream of an ARN, which may be that of one of its consumers."""
        name, consumer = parsed_arn(arn, context)
        stream = self.streams.get(name)
        if consumer is not None:
            stream.consumers.get(consumer, arn)
        return stream
