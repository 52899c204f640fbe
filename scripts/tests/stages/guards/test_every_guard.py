"""Each bad input is refused by one guard, changes nothing, and would pass without that guard."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.stages.guards import GUARDS

# LocalStack is not an AWS endpoint, so the real path is tested without this guard, except in the guard's own case.
REAL = ("AWS's answer",)
ELSEWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Bad:
    """A bad input.

    Attributes:
        name: of the case.
        guard: the guard that refuses it.
        says: part of the guard's message.
        apply: changes a valid stage into it.
        later: the error without the guard, if the stage cannot work at all with this input.
    """

    name: str
    guard: str
    says: str
    apply: Callable[[Any, pytest.MonkeyPatch], None]
    later: str | None = None


def _environment(**variables: str) -> Callable[[Any, pytest.MonkeyPatch], None]:
    def apply(_world: Any, patch: pytest.MonkeyPatch) -> None:
        for name, text in variables.items():
            patch.setenv(name, text)

    return apply


def _profile(config: str) -> Callable[[Any, pytest.MonkeyPatch], None]:
    def apply(world: Any, patch: pytest.MonkeyPatch) -> None:
        (world.folder / "config").write_text(config)
        patch.setenv("AWS_CONFIG_FILE", str(world.folder / "config"))
        patch.setenv("AWS_PROFILE", "work")

    return apply


def _no_credentials(_world: Any, patch: pytest.MonkeyPatch) -> None:
    patch.delenv("AWS_ACCESS_KEY_ID")
    patch.delenv("AWS_SECRET_ACCESS_KEY")


def _sso_session_ended(world: Any, patch: pytest.MonkeyPatch) -> None:
    _no_credentials(world, patch)
    sso = "sso_start_url = https://none.invalid\nsso_region = ap-south-1\nsso_account_id = 1\nsso_role_name = x\n"
    _profile(f"[profile work]\n{sso}")(world, patch)


def _ending_in(**time: int) -> Callable[[Any, pytest.MonkeyPatch], None]:
    def apply(_world: Any, patch: pytest.MonkeyPatch) -> None:
        patch.setenv("AWS_CREDENTIAL_EXPIRATION", (datetime.now(UTC) + timedelta(**time)).isoformat())

    return apply


def _file(name: str) -> Callable[[Any, pytest.MonkeyPatch], None]:
    return lambda world, _patch: (world.infrastructure / name).write_text("")


def _values(**values: Any) -> Callable[[Any, pytest.MonkeyPatch], None]:
    return lambda world, _patch: world.set(**values)


def _backend(**values: Any) -> Callable[[Any, pytest.MonkeyPatch], None]:
    return lambda world, _patch: world.set(world.backend_file, **values)


def _rehearsal_elsewhere(world: Any, _patch: pytest.MonkeyPatch) -> None:
    world.rehearsal = world.urls[""].replace("127.0.0.1", "localhost")


def _uncommitted(world: Any, _patch: pytest.MonkeyPatch) -> None:
    (world.infrastructure / "main.tf").write_text("# half done")


def _unpushed(world: Any, _patch: pytest.MonkeyPatch) -> None:
    world.git("commit", "--quiet", "--allow-empty", "--message=mine")


def _no_checkout(world: Any, patch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(world.infrastructure.parent / ".git")
    patch.setenv("GIT_CEILING_DIRECTORIES", str(world.folder))


def _no_docker(world: Any, patch: pytest.MonkeyPatch) -> None:
    world.set(lambda_package_type="Image")
    patch.setenv("DOCKER_HOST", f"unix://{world.folder}/none.sock")


def _no_podman(world: Any, patch: pytest.MonkeyPatch) -> None:
    world.set(lambda_package_type="Image", container_engine="podman")
    programs = world.folder / "bin"
    programs.mkdir()
    (programs / "git").symlink_to(shutil.which("git") or "")
    patch.setenv("PATH", str(programs))


def _huge_zip(world: Any, _patch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(world.infrastructure / "function.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("zeros", bytes(250 * 2**20 + 1))


def _large_zip(world: Any, _patch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(world.infrastructure / "function.zip", "w") as archive:
        archive.writestr("zeros", bytes(51 * 2**20))


def _bucket_of_another(variable: str) -> Callable[[Any, pytest.MonkeyPatch], None]:
    def apply(world: Any, _patch: pytest.MonkeyPatch) -> None:
        world.set(**{variable: "taken"})
        rule = {"point": "s3:HeadBucket", "effect": "error", "code": "AccessDenied", "status": 403}
        world.localstack.inject({**rule, "resource": "taken"})

    return apply


def _state_bucket_of_another(world: Any, _patch: pytest.MonkeyPatch) -> None:
    world.set(world.backend_file, bucket="taken-state")
    rule = {"point": "s3:HeadBucket", "effect": "error", "code": "AccessDenied", "status": 403}
    world.localstack.inject({**rule, "resource": "taken-state"})


BAD = (
    Bad("endpoint of all services", "endpoints", "AWS_ENDPOINT_URL=", _environment(AWS_ENDPOINT_URL=ELSEWHERE)),
    Bad("endpoint of one service", "endpoints", "_KINESIS=", _environment(AWS_ENDPOINT_URL_KINESIS=ELSEWHERE)),
    Bad("endpoint of the backend", "endpoints", "AWS_S3_ENDPOINT=", _environment(AWS_S3_ENDPOINT=ELSEWHERE)),
    Bad(
        "profile's endpoint", "endpoints", "profile work sets", _profile(f"[profile work]\nendpoint_url={ELSEWHERE}\n")
    ),
    Bad(
        "service's endpoint",
        "endpoints",
        r"service s3 of \[services local\], which profile work uses",
        _profile(f"[profile work]\nservices = local\n[services local]\ns3 =\n  endpoint_url = {ELSEWHERE}\n"),
    ),
    Bad(
        "source profile's endpoint",
        "endpoints",
        "profile base sets",
        _profile(f"[profile work]\nsource_profile = base\n[profile base]\nendpoint_url = {ELSEWHERE}\n"),
    ),
    Bad("rehearsal that leaves the machine", "endpoints", "not a loopback address", _rehearsal_elsewhere),
    Bad("tflocal's file", "overrides", "_override.tf", _file("localstack_providers_override.tf")),
    Bad("override of the bootstrap", "overrides", "bootstrap/override.tf", _file("bootstrap/override.tf")),
    Bad("override in a module", "overrides", "modules/s3/x_override.tf", _file("modules/s3/x_override.tf")),
    Bad("values that Terraform reads by itself", "overrides", "terraform.tfvars", _file("terraform.tfvars")),
    Bad("more such values", "overrides", "mine.auto.tfvars", _file("mine.auto.tfvars")),
    Bad("no credentials", "credentials", "no AWS credentials", _no_credentials, later="Unable to locate credentials"),
    Bad("SSO session ended", "credentials", "AWS session has ended", _sso_session_ended, later="SSO|Token"),
    Bad("credentials that expired", "credentials", "have expired", _ending_in(hours=-1), later="expired"),
    Bad("credentials that expire soon", "credentials", "expire too soon", _ending_in(minutes=12)),
    Bad("no project_id", "settings", "does not set project_id", _values(project_id=None), later="project_id"),
    Bad("no account", "settings", "does not set allowed_account", _values(allowed_account_ids=None), later="belong to"),
    Bad("no key of the state", "settings", "does not set key", _backend(key=None), later="key"),
    Bad("account as a number", "settings", "not a list of", _values(allowed_account_ids="1"), later="belong to"),
    Bad("unknown variable", "settings", "not a variable of the root module", _values(log_retention_days=3)),
    Bad("unknown region", "region", "not a region", _backend(region="ap-south-9")),
    Bad(
        "emulator's account", "emulator's account", "emulator", _values(allowed_account_ids=["0" * 12, "123456789012"])
    ),
    Bad("uncommitted change", "git", r"uncommitted changes \(infrastructure/main.tf\)", _uncommitted),
    Bad("unpushed commit", "git", "not on any branch of origin", _unpushed),
    Bad("no git checkout", "git", "not a git repository", _no_checkout),
    Bad("no Zip", "package", "cannot be read", _values(lambda_zip_path="none.zip")),
    Bad("Zip not named", "package", "no lambda_zip_path", _values(lambda_zip_path=None)),
    Bad("damaged Zip", "package", "not a zip file", _values(lambda_zip_path="main.tf")),
    Bad("Zip too large unzipped", "package", "250 MB unzipped", _huge_zip),
    Bad("Zip too large", "package", "51 MB uploaded", _large_zip),
    Bad("docker does not answer", "engine", "no Docker engine answers|'docker' is not installed", _no_docker),
    Bad("no podman", "engine", "'podman' is not installed", _no_podman),
    Bad("answer from another host", "AWS's answer", "not an AWS endpoint", lambda _world, _patch: None),
    Bad("wrong account", "account", "belong to account 123456789012", _values(allowed_account_ids=["9" * 12])),
    Bad("name that S3 rejects", "names", "not a valid bucket name", _values(model_bucket="x" * 63)),
    Bad("models' name taken", "names", "taken-.* belongs to another account", _bucket_of_another("model_bucket")),
    Bad("failures' name taken", "names", "taken-.* belongs to another", _bucket_of_another("failed_events_bucket")),
    Bad("state's name taken", "names", "taken-state belongs to another account", _state_bucket_of_another),
    Bad("image elsewhere", "image", "from ECR only", _values(lambda_package_type="Image", image_uri="r.example/x:1")),
    Bad("no model chosen", "model", "does not set run_id", _values(run_id=None)),
    Bad("unknown run", "model", "run_id = b+ .* has no model", _values(run_id="b" * 32)),
    Bad("unknown shadow", "model", "shadow_run_id = b+ .* has no model", _values(shadow_run_id="b" * 32)),
)


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
@pytest.mark.long_proof
def test_one_guard_refuses_it_and_without_that_guard_it_passes(
    bad: Bad, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad.apply(world, monkeypatch)
    if bad.guard != "git":
        world.push()
    before = world.snapshot()
    others = () if bad.guard in REAL else REAL
    with pytest.raises(HarnessError, match=bad.says) as refused:
        world.check(without=others)
    assert refused.value.next_step
    assert world.snapshot() == before
    if bad.later:
        with pytest.raises(Exception, match=bad.later) as later:
            world.check(without=[*others, bad.guard])
        assert str(later.value) != refused.value.cause
    else:
        world.check(without=[*others, bad.guard])
    assert world.snapshot() == before


def test_every_guard_is_tested() -> None:
    assert {guard.name for guard in GUARDS} == {bad.guard for bad in BAD}


def test_a_valid_stage_passes(world: Any, capfd: pytest.CaptureFixture[str]) -> None:
    world.check(without=REAL)
    shown = capfd.readouterr()
    assert "123456789012" in shown.out
    assert "ap-south-1" in shown.out
    assert "commit " in shown.err


def test_ignored_settings_are_reported(
    world: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, text in {"AWS_REGION": "eu-west-1", "TF_VAR_run_id": "x", "TF_CLI_ARGS_plan": "-var=run_id=x"}.items():
        monkeypatch.setenv(name, text)
    world.check(without=REAL)
    said = capfd.readouterr().err
    assert "ignoring AWS_REGION=eu-west-1: prod is in ap-south-1" in said
    assert "not passed to Terraform: TF_CLI_ARGS_plan, TF_VAR_run_id" in said
    passed = world.access(world.stage()).environment()
    assert passed["AWS_REGION"] == "ap-south-1"
    assert not [name for name in passed if name.startswith(("TF_VAR_", "TF_CLI_ARGS"))]


def test_a_detached_and_shallow_checkout_of_a_ci_system_passes(world: Any) -> None:
    """A CI system's checkout has one commit and no branch."""
    world.push()
    checkout = world.infrastructure.parent
    shutil.rmtree(checkout)
    world.infrastructure.mkdir(parents=True)
    world.git("init", "--quiet")
    world.git("remote", "add", "origin", f"file://{world.folder}/origin")
    world.git("fetch", "--quiet", "--depth=1", "origin", "+main:refs/remotes/origin/main")
    world.git("checkout", "--quiet", "--detach", "origin/main")
    world.check(without=REAL)


def test_staging_may_be_deployed_from_any_checkout_with_a_warning(
    world: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    from harness.stages.guards import git

    _uncommitted(world, pytest.MonkeyPatch())
    stage = world.stage("stg")
    git.check(stage, world.access(stage))
    assert "cannot be traced to a commit" in capfd.readouterr().err


def test_a_model_in_the_stages_bucket_is_enough(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world.set(run_id="c" * 32)
    world.push()
    bucket = f"store-sales-models-{world.stage().variables['project_id']}"
    world.localstack.make_bucket(bucket)
    with pytest.raises(HarnessError, match="has no model"):
        world.check(without=REAL)
    world.localstack.client("s3").put_object(Bucket=bucket, Key=f"1/{'c' * 32}/artifacts/model/model.onnx", Body=b"x")
    world.check(without=REAL)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("ExpiredToken", "credentials have expired"),
        ("InvalidClientTokenId", r"does not recognize these credentials .* not enabled for their account"),
        ("AccessDenied", "AWS denies GetCallerIdentity"),
    ],
)
def test_credentials_that_aws_refuses(world: Any, code: str, says: str) -> None:
    world.localstack.inject({"point": "sts:GetCallerIdentity", "effect": "error", "code": code, "status": 403})
    before = world.snapshot()
    with pytest.raises(HarnessError, match=says) as refused:
        world.check()
    assert refused.value.next_step
    assert world.snapshot() == before


def test_an_unreachable_aws_is_reported(world: Any) -> None:
    world.urls[""] = ELSEWHERE  # the discard port: nothing listens
    with pytest.raises(HarnessError, match="AWS cannot be reached"):
        world.check()
