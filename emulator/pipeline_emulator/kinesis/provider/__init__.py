"""The Kinesis API in LocalStack's own process, on the streams of `pipeline_emulator.kinesis.streams`."""
