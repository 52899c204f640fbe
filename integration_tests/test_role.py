"""The function's role has no unneeded permission, tested on a sample; `privileges/` removes each one in turn."""

from __future__ import annotations

import pytest

from harness.stack import denials
from harness.stack.state import Stack
from integration_tests.privileges.permissions import of_role, refused, role_of, without
from integration_tests.privileges.uses import Use, handle_events, start_an_environment

pytestmark = pytest.mark.local_only

SAMPLE = {"kinesis:PutRecords": handle_events, "s3:GetObject": start_an_environment}


@pytest.mark.parametrize(("action", "use"), SAMPLE.items(), ids=SAMPLE)
def test_without_a_permission_the_pipeline_fails_and_names_it(stack: Stack, action: str, use: Use) -> None:
    role = role_of(stack)
    permissions, documents = of_role(stack, role)
    [permission] = [each for each in permissions if each.action == action]
    # GIVEN a role without a permission WHEN the pipeline needs it THEN it fails, and the list of denials shows why
    denials.read(stack, "DELETE")
    with without(stack, role, permission, documents):
        assert use(stack, lambda: bool(refused(stack, permission)))
    assert refused(stack, permission)
    # AND with all permissions it works again, and nothing is refused
    assert use(stack, lambda: False) == ""
