"""Event source mappings of streams, of Kinesis and of tables, as AWS documents them: pure rules and a thin adapter.

Pure (no LocalStack, no clock, no threads): `settings`, `records`, `batching`, `response`, `batch_run`, `progress`,
`shards`, `failure_record`. `mappings` holds the progress of all mappings, `checkpoints` stores it. Adapter: `source`,
`tables`, `filters`, `invoker`, `destination`, `lane`, `shard_consumer`, `mapping_consumer`, `worker`, `plugins`. The
decisions and their sources are in docs/decisions/2026-11-23-event-source-poller.md.
"""
