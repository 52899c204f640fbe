"""DynamoDB and its streams by moto, without Java and downloads: PROVIDER_OVERRIDE_DYNAMODB=moto."""
