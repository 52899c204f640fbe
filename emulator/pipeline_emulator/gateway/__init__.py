"""LocalStack's gateway: the server, and what is changed before it answers the first request."""
