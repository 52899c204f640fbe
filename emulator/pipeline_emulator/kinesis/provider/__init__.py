"""The Kinesis API inside LocalStack's process, on the streams of `pipeline_emulator.kinesis.streams`."""
