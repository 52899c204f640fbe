"""Where core is changed for event source mappings."""

from typing import Any

from localstack.services.lambda_.event_source_mapping.esm_worker_factory import EsmWorkerFactory

from pipeline_emulator.event_source.checkpoints import CheckpointStore
from pipeline_emulator.event_source.registry import REGISTRY
from pipeline_emulator.event_source.worker import KinesisMappingWorker
from pipeline_emulator.persistence import state_folder


def install() -> None:
    """Patch `EsmWorkerFactory`: core's `lambda_create_event_source_poller` hook is never asked about Kinesis."""
    if kept := state_folder():
        REGISTRY.keep_in(CheckpointStore(kept / "checkpoints.sqlite3"))
    factory: Any = EsmWorkerFactory
    make_core_worker = factory.get_esm_worker

    def get_esm_worker(self: Any) -> Any:
        if ":kinesis:" in self.esm_config.get("EventSourceArn", ""):
            return KinesisMappingWorker(self.esm_config, self.function_role_arn, self.enabled)
        return make_core_worker(self)

    factory.get_esm_worker = get_esm_worker
