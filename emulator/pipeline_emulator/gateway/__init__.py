"""LocalStack's gateway, bound to the addresses GATEWAY_LISTEN names and to no others."""
