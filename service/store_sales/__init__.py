"""Predicts store sales for events of a Kinesis stream; runs as an AWS Lambda function."""
