"""What functions' policies and URLs grant already; requests that change them are judged by it."""

from pipeline_emulator.authorization import resources


def permission_of(function_arn: str, statement_id: str) -> tuple[str | None, str | None]:
    """Return the principal of a statement as AddPermission takes it, and the kind of URL that the statement is for.

    Each is None if the statement has none; both are if it does not exist.
    """
    policy = resources.granted_by_function(function_arn, "permissions")
    for statement in policy.policy.Statement if policy else ():
        if statement["Sid"] == statement_id:
            principal = statement.get("Principal")
            if isinstance(principal, dict):
                principal = next(iter(principal.values()), None)
            return principal, statement.get("Condition", {}).get("StringEquals", {}).get("lambda:FunctionUrlAuthType")
    return None, None


def url_auth_of(function_arn: str) -> str | None:
    """Return the kind of authorization of a function's URL; None if it has no URL."""
    url = resources.granted_by_function(function_arn, "function_url_configs")
    return url.auth_type if url else None
