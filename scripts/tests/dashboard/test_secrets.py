"""Which variables and attributes the page hides."""

from __future__ import annotations

import pytest

from harness.dashboard.function import is_secret


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_TOKEN", "x"), ("db_password", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("private_key", "x"),
        ("DATABASE_URL", "postgres://user:hunter2@host/db"), ("BROKER", "amqp://:hunter2@host"),
        ("CERT", "-----BEGIN PRIVATE KEY-----"), ("ID", "AKIAIOSFODNN7EXAMPLE"),
        ("SESSION", "eyJhbGciOiJIUzI1NiJ9.e30.x"),
    ],
)  # fmt: skip
def test_what_looks_secret_is_hidden(name: str, value: str) -> None:
    assert is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MODEL_BUCKET", "store-sales-models-local"), ("RUN_ID", "0" * 32), ("URL", "https://host:443/path@2x.png"),
        ("ARN", "arn:aws:kinesis:ap-south-1:000000000000:stream/sales-events-local"), ("MAIL", "user@example.com"),
    ],
)  # fmt: skip
def test_what_does_not_is_shown(name: str, value: str) -> None:
    assert not is_secret(name, value)
