"""Roles, policies and keys."""

from __future__ import annotations

from benchmarks.fidelity.resources.subject import Subject, allow, document, trust

ACCOUNT = "arn:aws:iam::000000000000:root"
DELETION = "an argument of the deletion"
SERVICES = ("lambda", "logs", "events")

SUBJECTS = [
    Subject(
        "aws_iam_role",
        {"name": "life", "assume_role_policy": trust(*SERVICES), "force_detach_policies": True},
        [
            {"description": "runs the functions"},
            {"max_session_duration": 7200, "tags": {"stage": "test"}},
            {"assume_role_policy": trust(*SERVICES, "sns")},
            {"description": None, "tags": None},
        ],
        import_id="{name}",
        unread={"force_detach_policies": DELETION},
    ),
    Subject(
        "aws_iam_role_policy",
        {"name": "everything", "role": "${aws_iam_role.it.name}", "policy": document(allow("*"))},
        [{}, {"policy": document(allow("*"), allow("s3:*"))}],
    ),
    Subject(
        "aws_iam_policy",
        {"name": "life", "policy": document(allow("s3:GetObject"))},
        [{"policy": document(allow("s3:PutObject"))}, {"tags": {"stage": "test"}}],
        import_id="{arn}",
    ),
    Subject(
        "aws_iam_role_policy_attachment",
        {"role": "${aws_iam_role.it.name}", "policy_arn": "${aws_iam_policy.it.arn}"},
        import_id="{role}/{policy_arn}",
    ),
    Subject(
        "aws_iam_openid_connect_provider",
        {"url": "https://issuer.example.com", "client_id_list": ["sts.amazonaws.com"], "thumbprint_list": ["a" * 40]},
        [{"client_id_list": ["one", "sts.amazonaws.com"]}, {"thumbprint_list": ["b" * 40]}, {"tags": {"a": "b"}}],
        import_id="{arn}",
    ),
    Subject(
        "aws_kms_key",
        {"description": "life", "deletion_window_in_days": 7},
        [
            {"description": "another", "tags": {"stage": "test"}},
            {"enable_key_rotation": True, "rotation_period_in_days": 180},
            {"policy": document(allow("kms:*", AWS=ACCOUNT))},
            {"enable_key_rotation": False, "rotation_period_in_days": None, "tags": None},
        ],
        unread={"deletion_window_in_days": DELETION},
    ),
    Subject(
        "aws_kms_key",
        {"description": "second", "deletion_window_in_days": 7},
        label="second",
        unread={"deletion_window_in_days": DELETION},
    ),
    Subject(
        "aws_kms_alias",
        {"name": "alias/life", "target_key_id": "${aws_kms_key.it.key_id}"},
        [{"target_key_id": "${aws_kms_key.second.key_id}"}],
    ),
]
