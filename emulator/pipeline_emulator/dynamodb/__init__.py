"""DynamoDB and its streams by moto, without Java and downloads."""
