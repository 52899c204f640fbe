"""Firehose: LocalStack core's provider, with a reader of Kinesis streams of our own."""
