"""LocalStack plugins of the store-sales pipeline: Lambda process executor, Kinesis event source mapping."""
