"""Account settings, and the warm throughput of on-demand streams, which depends on them."""

from localstack.aws.api import RequestContext, handler

from pipeline_emulator.kinesis.provider import descriptions
from pipeline_emulator.kinesis.provider.base import Operations, Request, Response
from pipeline_emulator.kinesis.streams.commitment import ENABLED


class AccountOperations(Operations):
    """DescribeAccountSettings, UpdateAccountSettings and UpdateStreamWarmThroughput."""

    @handler("DescribeAccountSettings", expand=False)
    def describe_account_settings(self, context: RequestContext, _request: Request) -> Response:
        """Return the account's commitment."""
        found = self.commitments.get(context.account_id, context.region)
        return {"MinimumThroughputBillingCommitment": descriptions.commitment(found)}

    @handler("UpdateAccountSettings", expand=False)
    def update_account_settings(self, context: RequestContext, request: Request) -> Response:
        """Begin or end the account's commitment; it ends 24 hours after its start at the earliest."""
        enable = request["MinimumThroughputBillingCommitment"]["Status"] == ENABLED
        found = self.commitments.set(context.account_id, context.region, enable=enable)
        return {"MinimumThroughputBillingCommitment": descriptions.commitment(found)}

    @handler("UpdateStreamWarmThroughput", expand=False)
    def update_stream_warm_throughput(self, context: RequestContext, request: Request) -> Response:
        """Store the warm throughput of an on-demand stream. It has no effect: throughput is limited by the machine."""
        stream = self.stream(context, request)
        stream.require_active()
        self.require_warm_throughput(context, stream.mode, request["WarmThroughputMiBps"])
        with stream.changing():
            stream.warm_throughput = request["WarmThroughputMiBps"]
        stream.begin("UPDATING")
        return {
            "StreamName": stream.name.name,
            "StreamARN": stream.name.arn,
            **descriptions.warm_throughput(stream),
        }
