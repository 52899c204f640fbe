"""Using a stream, bucket, queue or repository with a KMS key requires permission to use the key through the service."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config

ROOT = {"AWS": "arn:aws:iam::000000000000:root"}
BUCKET_KEY = {"SSEAlgorithm": "aws:kms"}


@pytest.fixture
def make_key(root: Callable[[str], Any]) -> Callable[..., str]:
    """Return a function that creates a key whose policy has only these statements; without any, the account decides."""

    def make(*statements: dict[str, Any]) -> str:
        whole = [{"Effect": "Allow", "Resource": "*", **each} for each in statements or (everything(),)]
        policy = json.dumps({"Version": "2012-10-17", "Statement": whole})
        made = root("kms").create_key(Policy=policy, BypassPolicyLockoutSafetyCheck=True)
        return str(made["KeyMetadata"]["Arn"])

    return make


def everything() -> dict[str, Any]:
    return {"Principal": ROOT, "Action": "kms:*"}


def through(service: str, **context: str) -> dict[str, Any]:
    """Return the condition that a service uses the key, with an encryption context."""
    names = {f"kms:EncryptionContext:{name.replace('_', ':')}": value for name, value in context.items()}
    return {"StringEquals": {"kms:ViaService": f"{service}.ap-south-1.amazonaws.com", **names}}


def using(action: str, service: str, **context: str) -> dict[str, Any]:
    return {"Action": f"kms:{action}", "Resource": "*", "Condition": through(service, **context)}


@pytest.fixture
def stream(root: Any, make_key: Any) -> tuple[str, str]:
    """Return the ARNs of a stream and of its key."""
    kinesis, name, key = root("kinesis"), f"stream-{uuid.uuid4().hex[:8]}", make_key()
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    kinesis.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=key)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    return f"arn:aws:kinesis:ap-south-1:000000000000:stream/{name}", key


def iterator(root: Any, arn: str) -> str:
    answer = root("kinesis").get_shard_iterator(
        StreamARN=arn, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )
    return str(answer["ShardIterator"])


STREAMS = {"Action": "kinesis:*", "Resource": "*"}


def test_putting_records_needs_generate_data_key_and_reading_needs_decrypt(
    make_user: Any, root: Any, refusal: Any, stream: tuple[str, str]
) -> None:
    """https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html."""
    arn, key = stream
    writer = make_user(STREAMS, using("GenerateDataKey", "kinesis", aws_kinesis_arn=arn)).client("kinesis")
    reader = make_user(STREAMS, using("Decrypt", "kinesis", aws_kinesis_arn=arn)).client("kinesis")
    record = {"Data": b"a", "PartitionKey": "k"}
    writer.put_record(StreamARN=arn, **record)
    writer.put_records(StreamName=arn.rpartition("/")[2], Records=[record])
    assert len(reader.get_records(ShardIterator=iterator(root, arn))["Records"]) == 2
    for call, request in (
        (reader.put_record, {"StreamARN": arn, **record}),
        (reader.put_records, {"StreamARN": arn, "Records": [record]}),
    ):
        code, message = refusal(call, **request)
        assert code == "KMSAccessDeniedException"
        assert f"is not authorized to perform: kms:GenerateDataKey on resource: {key} because" in message
    code, message = refusal(writer.get_records, ShardIterator=iterator(root, arn))
    assert (code, "kms:Decrypt" in message) == ("KMSAccessDeniedException", True)


@pytest.mark.parametrize(
    "condition", [through("s3"), through("kinesis", aws_kinesis_arn="arn:aws:kinesis:ap-south-1:000000000000:stream/b")]
)
def test_permission_through_another_service_or_stream_does_not_count(
    make_user: Any, refusal: Any, stream: tuple[str, str], condition: dict[str, Any]
) -> None:
    user = make_user(STREAMS, {"Action": "kms:*", "Resource": "*", "Condition": condition}).client("kinesis")
    assert refusal(user.put_record, StreamARN=stream[0], Data=b"a", PartitionKey="k")[0] == "KMSAccessDeniedException"


def test_encrypting_a_stream_needs_describe_key(
    make_user: Any, refusal: Any, stream: tuple[str, str], make_key: Any
) -> None:
    request = {"StreamARN": stream[0], "EncryptionType": "KMS", "KeyId": make_key()}
    code, message = refusal(make_user(STREAMS).client("kinesis").start_stream_encryption, **request)
    assert (code, "kms:DescribeKey" in message) == ("KMSAccessDeniedException", True)
    make_user(STREAMS, {"Action": "kms:DescribeKey", "Resource": "*"}).client("kinesis").start_stream_encryption(
        **request
    )


def test_the_aws_managed_key_needs_no_permission(make_user: Any, root: Any, stream: tuple[str, str]) -> None:
    arn, _ = stream
    root("kinesis").start_stream_encryption(StreamARN=arn, EncryptionType="KMS", KeyId="alias/aws/kinesis")
    make_user(STREAMS).client("kinesis").put_record(StreamARN=arn, Data=b"a", PartitionKey="k")


@pytest.mark.parametrize("key", ["alias/none", "00000000-0000-0000-0000-000000000000"])
def test_a_key_must_exist(root: Any, refusal: Any, stream: tuple[str, str], key: str) -> None:
    """https://docs.aws.amazon.com/kinesis/latest/APIReference/API_StartStreamEncryption.html, KMSNotFoundException.

    SendMessage and Publish list the same for the keys of queues and topics.
    """
    encrypt = root("kinesis").start_stream_encryption
    code, message = refusal(encrypt, StreamARN=stream[0], EncryptionType="KMS", KeyId=key)
    assert (code, key in message) == ("KMSNotFoundException", True)
    name = f"missing-{uuid.uuid4().hex[:8]}"
    queue = root("sqs").create_queue(QueueName=name, Attributes={"KmsMasterKeyId": key})["QueueUrl"]
    assert "KmsNotFound" in refusal(root("sqs").send_message, QueueUrl=queue, MessageBody="m")[0]
    topic = root("sns").create_topic(Name=name, Attributes={"KmsMasterKeyId": key})["TopicArn"]
    assert "KMSNotFound" in refusal(root("sns").publish, TopicArn=topic, Message="m")[0]


def test_an_unusable_key_stops_even_the_root_user(root: Any, refusal: Any, stream: tuple[str, str]) -> None:
    arn, key = stream
    put = root("kinesis").put_record
    root("kms").disable_key(KeyId=key)
    assert refusal(put, StreamARN=arn, Data=b"a", PartitionKey="k")[0] == "KMSDisabledException"
    root("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert refusal(put, StreamARN=arn, Data=b"a", PartitionKey="k")[0] == "KMSInvalidStateException"
    root("kms").cancel_key_deletion(KeyId=key)
    root("kms").enable_key(KeyId=key)
    assert put(StreamARN=arn, Data=b"a", PartitionKey="k")["EncryptionType"] == "KMS"


OBJECTS = {"Action": "s3:*", "Resource": "*"}


@pytest.fixture
def bucket(root: Any) -> str:
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    root("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    return name


@pytest.mark.parametrize("by_bucket", [True, False])
def test_objects_in_a_bucket_with_a_key(
    make_user: Any, root: Any, refusal: Any, bucket: str, make_key: Any, by_bucket: bool
) -> None:
    key = make_key()
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key},
        "BucketKeyEnabled": by_bucket,
    }
    root("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    context = f"arn:aws:s3:::{bucket}" if by_bucket else f"arn:aws:s3:::{bucket}/k"
    writer = make_user(OBJECTS, using("GenerateDataKey", "s3", aws_s3_arn=context)).client("s3")
    reader = make_user(OBJECTS, using("Decrypt", "s3", aws_s3_arn=context)).client("s3")
    writer.put_object(Bucket=bucket, Key="k", Body=b"content")
    assert reader.get_object(Bucket=bucket, Key="k")["Body"].read() == b"content"
    assert writer.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == key
    code, message = refusal(reader.put_object, Bucket=bucket, Key="k")
    assert (code, f"kms:GenerateDataKey on resource: {key} because" in message) == ("AccessDenied", True)
    code, message = refusal(writer.get_object, Bucket=bucket, Key="k")
    assert (code, f"kms:Decrypt on resource: {key} because" in message) == ("AccessDenied", True)
    code, message = refusal(writer.copy_object, Bucket=bucket, Key="k", CopySource=f"{bucket}/k")
    assert "kms:Decrypt" in message


def test_an_object_with_its_own_key(make_user: Any, root: Any, refusal: Any, bucket: str, make_key: Any) -> None:
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": make_key()}
    keyless = make_user(OBJECTS).client("s3")
    keyless.put_object(Bucket=bucket, Key="plain", Body=b"a")
    assert keyless.get_object(Bucket=bucket, Key="plain")
    assert "kms:GenerateDataKey" in refusal(keyless.put_object, Bucket=bucket, Key="k", **encryption)[1]
    root("s3").put_object(Bucket=bucket, Key="k", Body=b"a", **encryption)
    assert "kms:Decrypt" in refusal(keyless.get_object, Bucket=bucket, Key="k")[1]


def test_the_key_of_a_bucket_in_another_region(localstack: Any, make_user: Any, refusal: Any) -> None:
    """An identifier is that of a key in the bucket's region, which the signature need not name."""
    place = {"endpoint_url": localstack.endpoint_url, "region_name": "eu-west-1"}
    keys, name = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}, f"bucket-{uuid.uuid4().hex[:8]}"
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}), **place, **keys)
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    key = boto3.client("kms", **place, **keys).create_key()["KeyMetadata"]
    request = {"Bucket": name, "Key": "k", "ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key["KeyId"]}
    code, message = refusal(make_user(OBJECTS).client("s3").put_object, **request)
    assert (code, f"kms:GenerateDataKey on resource: {key['Arn']}" in message) == ("AccessDenied", True)
    requested = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    allowed = make_user(OBJECTS, {"Action": "kms:GenerateDataKey", "Resource": "*", "Condition": requested})
    assert allowed.client("s3").put_object(**request)["SSEKMSKeyId"] == key["Arn"]


def test_an_unusable_key_opens_no_object(root: Any, refusal: Any, bucket: str, make_key: Any) -> None:
    key, objects = make_key(), root("s3")
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    objects.put_object(Bucket=bucket, Key="k", Body=b"a", **encryption)
    root("kms").disable_key(KeyId=key)
    assert refusal(objects.get_object, Bucket=bucket, Key="k")[0] == "KMS.DisabledException"
    assert refusal(objects.put_object, Bucket=bucket, Key="k", **encryption)[0] == "KMS.DisabledException"
    root("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert refusal(objects.get_object, Bucket=bucket, Key="k")[0] == "KMS.KMSInvalidStateException"
    assert objects.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == key


def test_a_multipart_upload_needs_decrypt(make_user: Any, root: Any, refusal: Any, bucket: str, make_key: Any) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions."""
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": make_key()}
    writer = make_user(OBJECTS, using("GenerateDataKey", "s3")).client("s3")
    upload = writer.create_multipart_upload(Bucket=bucket, Key="k", **encryption)["UploadId"]
    part = {"Bucket": bucket, "Key": "k", "UploadId": upload, "PartNumber": 1, "Body": b"a"}
    assert "kms:Decrypt" in refusal(writer.upload_part, **part)[1]
    both = make_user(OBJECTS, using("GenerateDataKey", "s3"), using("Decrypt", "s3")).client("s3")
    assert both.upload_part(**part)["ETag"]
    reader = make_user(OBJECTS, using("Decrypt", "s3")).client("s3")
    assert "kms:GenerateDataKey" in refusal(reader.create_multipart_upload, Bucket=bucket, Key="k", **encryption)[1]


def test_lambda_reads_code_with_the_callers_permission_on_the_key(
    make_user: Any,
    make_role: Any,
    create_function: Any,
    root: Any,
    refusal: Any,
    zipped: Any,
    bucket: str,
    make_key: Any,
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html."""
    key, archive = make_key(), zipped({"handler.py": "def handler(event, context): pass"})
    root("s3").put_object(Bucket=bucket, Key="k", Body=archive, ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    code, name = {"S3Bucket": bucket, "S3Key": "k"}, f"name-{uuid.uuid4().hex[:8]}"
    new = {"Role": make_role(), "Runtime": "python3.13", "Handler": "handler.handler", "Code": code}
    existing = create_function("def handler(event, context): pass").name
    publishing = {"Action": ["lambda:*", "iam:PassRole", "s3:GetObject"], "Resource": "*"}
    keyless = make_user(publishing, using("Decrypt", "lambda")).client("lambda")
    allowed = make_user(publishing, using("Decrypt", "s3", aws_s3_arn=f"arn:aws:s3:::{bucket}/k")).client("lambda")
    for operation, request in (
        ("publish_layer_version", {"LayerName": name, "Content": code}),
        ("create_function", {"FunctionName": name, **new}),
        ("update_function_code", {"FunctionName": existing, **code}),
    ):
        found, message = refusal(getattr(keyless, operation), **request)
        assert (found, f"kms:Decrypt on resource: {key} because" in message) == ("AccessDeniedException", True)
        assert getattr(allowed, operation)(**request)
    root("lambda").delete_function(FunctionName=name)


VARIABLES = {"Variables": {"PASSWORD": "secret"}}


def test_a_key_for_a_functions_variables_needs_create_grant_and_encrypt(
    make_user: Any, create_function: Any, refusal: Any, make_key: Any
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html."""
    function = create_function("def handler(event, context): pass")
    request = {"FunctionName": function.name, "KMSKeyArn": make_key(), "Environment": VARIABLES}
    changing, context = {"Action": "lambda:*", "Resource": "*"}, {"aws_lambda_FunctionArn": function.arn}
    grant, encrypt = using("CreateGrant", "lambda", **context), using("Encrypt", "lambda", **context)
    grant["Condition"] = {**grant["Condition"], "Bool": {"kms:GrantIsForAWSResource": "true"}}
    for allowed, missing in (((), "kms:CreateGrant"), ((encrypt,), "kms:CreateGrant"), ((grant,), "kms:Encrypt")):
        update = make_user(changing, *allowed).client("lambda").update_function_configuration
        code, message = refusal(update, **request)
        assert (code, missing in message) == ("AccessDeniedException", True)
    client = make_user(changing, grant, encrypt).client("lambda")
    assert client.update_function_configuration(**request)["KMSKeyArn"] == request["KMSKeyArn"]


def test_variables_with_a_key_are_shown_to_callers_who_may_decrypt_them(
    make_user: Any, root: Any, create_function: Any, make_key: Any
) -> None:
    key = make_key()
    function = create_function("def handler(event, context): pass", KMSKeyArn=key, Environment=VARIABLES)
    root("lambda").publish_version(FunctionName=function.name)
    reading = {"Action": ["lambda:Get*", "lambda:List*", "lambda:PublishVersion"], "Resource": "*"}
    decrypt = using("Decrypt", "lambda", aws_lambda_FunctionArn=function.arn)
    for client, is_shown in (
        (make_user(reading).client("lambda"), False),
        (make_user(reading, decrypt).client("lambda"), True),
        (root("lambda"), True),
    ):
        [listed] = [each for each in client.list_functions()["Functions"] if each["FunctionName"] == function.name]
        for described in (
            listed,
            client.get_function(FunctionName=function.name)["Configuration"],
            client.get_function_configuration(FunctionName=function.name),
            *client.list_versions_by_function(FunctionName=function.name)["Versions"],
            client.publish_version(FunctionName=function.name),
        ):
            assert described["KMSKeyArn"] == key
            if is_shown:
                assert described["Environment"] == VARIABLES
                continue
            assert list(described["Environment"]) == ["Error"]
            error = described["Environment"]["Error"]
            assert error["ErrorCode"] == "AccessDeniedException"
            assert f"kms:Decrypt on resource: {key} because" in error["Message"]


@pytest.mark.parametrize("operation", ["publish", "publish_batch"])
def test_publishing_to_a_topic_with_a_key(
    make_user: Any, root: Any, refusal: Any, make_key: Any, operation: str
) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html."""
    key, name = make_key(), f"topic-{uuid.uuid4().hex[:8]}"
    topic = root("sns").create_topic(Name=name, Attributes={"KmsMasterKeyId": key.rpartition("/")[2]})["TopicArn"]
    entries = {"PublishBatchRequestEntries": [{"Id": "1", "Message": "m"}]}
    request = {"TopicArn": topic, **({"Message": "m"} if operation == "publish" else entries)}
    publishing = {"Action": "sns:Publish", "Resource": "*"}
    generate = using("GenerateDataKey", "sns", aws_sns_topicArn=topic)
    decrypt = using("Decrypt", "sns", aws_sns_topicArn=topic)
    for allowed, missing in (((decrypt,), "kms:GenerateDataKey"), ((generate,), "kms:Decrypt")):
        code, message = refusal(getattr(make_user(publishing, *allowed).client("sns"), operation), **request)
        assert ("KMSAccessDenied" in code, missing in message) == (True, True)
    assert getattr(make_user(publishing, generate, decrypt).client("sns"), operation)(**request)
    root("kms").disable_key(KeyId=key)
    assert "KMSDisabled" in refusal(getattr(root("sns"), operation), **request)[0]


def test_messages_in_a_queue_with_a_key(make_user: Any, root: Any, refusal: Any, make_key: Any) -> None:
    url = root("sqs").create_queue(
        QueueName=f"queue-{uuid.uuid4().hex[:8]}", Attributes={"KmsMasterKeyId": make_key()}
    )["QueueUrl"]
    queues = {"Action": "sqs:*", "Resource": "*"}
    sender = make_user(queues, using("GenerateDataKey", "sqs"), using("Decrypt", "sqs")).client("sqs")
    sender.send_message(QueueUrl=url, MessageBody="a")
    receiver = make_user(queues, using("Decrypt", "sqs")).client("sqs")
    assert receiver.receive_message(QueueUrl=url)["Messages"]
    code, message = refusal(receiver.send_message, QueueUrl=url, MessageBody="a")
    assert ("AccessDenied" in code, "kms:GenerateDataKey" in message) == (True, True)
    assert "kms:Decrypt" in refusal(make_user(queues).client("sqs").receive_message, QueueUrl=url)[1]


def test_a_repository_with_a_key_needs_permission_to_create_and_retire_grants(
    make_user: Any, refusal: Any, make_key: Any
) -> None:
    key, name = make_key(), f"repository-{uuid.uuid4().hex[:8]}"
    request = {"repositoryName": name, "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": key}}
    repositories = {"Action": "ecr:*", "Resource": "*"}
    describe = {"Action": "kms:DescribeKey", "Resource": key}
    grant = {**using("CreateGrant", "ecr"), "Resource": key}
    grant["Condition"] = {**grant["Condition"], "Bool": {"kms:GrantIsForAWSResource": "true"}}
    for allowed, missing in (((), "kms:DescribeKey"), ((describe,), "kms:CreateGrant"), ((grant,), "kms:DescribeKey")):
        code, message = refusal(make_user(repositories, *allowed).client("ecr").create_repository, **request)
        assert (code, missing in message) == ("KmsException", True)
    creator = make_user(repositories, describe, grant).client("ecr")
    creator.create_repository(**request)
    assert "kms:RetireGrant" in refusal(creator.delete_repository, repositoryName=name)[1]
    make_user(repositories, using("RetireGrant", "ecr")).client("ecr").delete_repository(repositoryName=name)


def logs_service(group: str, *without: str) -> dict[str, Any]:
    """Return the statement for CloudWatch Logs in infrastructure/modules/kms, without some actions."""
    actions = {"Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey"} - set(without)
    return {
        "Principal": {"Service": "logs.ap-south-1.amazonaws.com"},
        "Action": sorted(f"kms:{action}" for action in actions),
        "Condition": {
            "ArnEquals": {
                "kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:ap-south-1:000000000000:log-group:{group}"
            }
        },
    }


def test_a_log_groups_key_must_allow_the_service(root: Any, refusal: Any, make_key: Any, make_user: Any) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html."""
    name, logs = f"/test/{uuid.uuid4().hex[:8]}", root("logs")
    for closed in (everything(), logs_service("/another"), logs_service(name, "GenerateDataKey")):
        code, message = refusal(logs.create_log_group, logGroupName=name, kmsKeyId=make_key(closed))
        assert code == "AccessDeniedException"
        arn = f"arn:aws:logs:ap-south-1:000000000000:log-group:{name}"
        assert f"does not exist or is not allowed to be used with Arn '{arn}'" in message
    logs.create_log_group(logGroupName=name)
    assert refusal(logs.associate_kms_key, logGroupName=name, kmsKeyId=make_key())[0] == "AccessDeniedException"
    user = make_user({"Action": "logs:AssociateKmsKey", "Resource": "*"}).client("logs")
    user.associate_kms_key(logGroupName=name, kmsKeyId=make_key(logs_service(name)))


READING = {
    "Action": [
        f"kinesis:{action}"
        for action in ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
    ],
    "Resource": "*",
}
LOGS = {"Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
WRITING = {"Action": ["s3:PutObject", "s3:ListBucket"], "Resource": "*"}
HANDLER = """
    def handler(event, context):
        print("seen")
        if any("poison" in record["kinesis"]["partitionKey"] for record in event["Records"]):
            raise ValueError("poison")
"""


def test_a_mapping_uses_the_keys_of_stream_and_bucket_with_the_roles_permissions(
    make_role: Any,
    put_policy: Any,
    create_function: Any,
    root: Any,
    stream: tuple[str, str],
    bucket: str,
    make_key: Any,
    denials: Any,
    eventually: Callable[..., Any],
    delete_mapping: Callable[..., None],
) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": make_key()}}
    root("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    role = make_role(READING, LOGS, WRITING)
    function = create_function(HANDLER, Role=role)
    mapping = root("lambda").create_event_source_mapping(
        FunctionName=function.name,
        EventSourceArn=stream[0],
        StartingPosition="TRIM_HORIZON",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}},
    )["UUID"]
    root("kinesis").put_record(StreamARN=stream[0], Data=b"{}", PartitionKey="poison")
    name = role.rpartition("/")[2]

    def refused(action: str) -> list[Any]:
        return [each["resource"] for each in denials(name) if each["action"] == action]

    assert eventually(lambda: refused("kms:Decrypt"), "reading is refused", 30) == [stream[1]]
    put_policy(role, READING, LOGS, WRITING, using("Decrypt", "kinesis"))
    eventually(lambda: "seen\n" in function.log_events(), "the record is delivered anyway", 60)
    eventually(lambda: refused("kms:GenerateDataKey"), "the failure record is refused", 30)
    put_policy(role, READING, LOGS, WRITING, using("Decrypt", "kinesis"), using("GenerateDataKey", "s3"))
    eventually(lambda: root("s3").list_objects_v2(Bucket=bucket)["KeyCount"], "the failure record is written", 30)
    delete_mapping(root("lambda"), mapping)
