"""Lambda's use of a function's role, when a function or mapping is created and afterwards."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

READ = [
    f"kinesis:{action}"
    for action in ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
]
HANDLER = """
    def handler(event, context):
        print("seen")
        if any("poison" in record["kinesis"]["partitionKey"] for record in event["Records"]):
            raise ValueError("poison")
"""
LOGS = {"Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}


def reading(*without: str) -> dict[str, Any]:
    return {"Action": [action for action in READ if action not in without], "Resource": "*"}


@pytest.fixture
def stream(root: Any) -> str:
    kinesis, name = root("kinesis"), f"stream-{uuid.uuid4().hex[:8]}"
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name)
    return str(kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"])


@pytest.fixture
def bucket(root: Any) -> str:
    name = f"bucket-{uuid.uuid4().hex[:8]}"
    root("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "ap-south-1"})
    return name


def create_mapping(root: Any, function: Any, stream: str, **more: Any) -> str:
    answer = root("lambda").create_event_source_mapping(
        FunctionName=function.name, EventSourceArn=stream, StartingPosition="TRIM_HORIZON", **more
    )
    return str(answer["UUID"])


def test_the_role_must_trust_lambda(make_role: Any, create_function: Any, refusal: Any) -> None:
    role = make_role(trusts={"Service": "ec2.amazonaws.com"})
    code, message = refusal(lambda: create_function(HANDLER, Role=role))
    assert code == "InvalidParameterValueException"
    assert "cannot be assumed by Lambda" in message


def test_a_new_role_must_trust_lambda(make_role: Any, create_function: Any, root: Any, refusal: Any) -> None:
    function = create_function(HANDLER, Role=make_role(LOGS))
    before = root("lambda").get_function_configuration(FunctionName=function.name)["Role"]
    for role in (make_role(trusts={"Service": "ec2.amazonaws.com"}), f"{before}-missing"):
        code, message = refusal(
            lambda role=role: root("lambda").update_function_configuration(FunctionName=function.name, Role=role)
        )
        assert code == "InvalidParameterValueException"
        assert "cannot be assumed by Lambda" in message
    assert root("lambda").get_function_configuration(FunctionName=function.name)["Role"] == before
    root("lambda").update_function_configuration(FunctionName=function.name, Role=make_role(LOGS))


@pytest.mark.variants
@pytest.mark.parametrize("action", READ)
def test_a_mapping_needs_every_read_action(
    make_role: Any, create_function: Any, root: Any, stream: str, refusal: Any, denials: Any, action: str
) -> None:
    role = make_role(reading(action), LOGS)
    function = create_function(HANDLER, Role=role)
    code, message = refusal(lambda: create_mapping(root, function, stream))
    assert code == "InvalidParameterValueException"
    assert message.startswith(f"Cannot access stream {stream}. Please ensure the role can perform the GetRecords, ")
    assert "Actions on your stream in IAM." in message
    assert action in message
    assert [denial["action"] for denial in denials(role.rpartition("/")[2])] == [action]


QUEUE = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")


@pytest.mark.variants
@pytest.mark.parametrize("action", QUEUE)
def test_a_mapping_of_a_queue_needs_every_action(
    make_role: Any, create_function: Any, root: Any, refusal: Any, action: str
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions

    Users report the text, for which Terraform's provider waits.
    """
    url = root("sqs").create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arn = root("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    others = {"Action": [f"sqs:{each}" for each in QUEUE if each != action], "Resource": arn}
    function = create_function(HANDLER, Role=make_role(others, LOGS))
    create = root("lambda").create_event_source_mapping
    code, message = refusal(create, FunctionName=function.name, EventSourceArn=arn)
    assert code == "InvalidParameterValueException"
    assert message == f"The provided execution role does not have permissions to call {action} on SQS"


@pytest.mark.parametrize("action", ["GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"])
def test_a_mapping_of_a_table_needs_every_action(
    make_role: Any, create_function: Any, root: Any, refusal: Any, action: str
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html"""
    table = root("dynamodb").create_table(
        TableName=f"table-{uuid.uuid4().hex[:8]}",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    actions = ("GetRecords", "GetShardIterator", "DescribeStream", "ListStreams")
    others = {"Action": [f"dynamodb:{each}" for each in actions if each != action], "Resource": "*"}
    function = create_function(HANDLER, Role=make_role(others, LOGS))
    code, message = refusal(lambda: create_mapping(root, function, table["LatestStreamArn"]))
    assert code == "InvalidParameterValueException"
    assert message == (
        f"Cannot access stream {table['LatestStreamArn']}. Please ensure the role can perform the GetRecords, "
        "GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM."
    )


@pytest.mark.parametrize("action", ["s3:ListBucket", "s3:PutObject"])
def test_a_mapping_needs_the_actions_of_its_failure_destination(
    make_role: Any, create_function: Any, root: Any, stream: str, bucket: str, refusal: Any, action: str
) -> None:
    other = "s3:PutObject" if action == "s3:ListBucket" else "s3:ListBucket"
    function = create_function(HANDLER, Role=make_role(reading(), LOGS, {"Action": other, "Resource": "*"}))
    destination = {"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}}
    code, message = refusal(lambda: create_mapping(root, function, stream, DestinationConfig=destination))
    assert code == "InvalidParameterValueException"
    assert message == (
        f"The provided execution role does not have permissions to call {action.partition(':')[2]} on S3"
    )


@pytest.mark.variants
@pytest.mark.parametrize("side", ["OnSuccess", "OnFailure"])
@pytest.mark.parametrize(
    ("target", "action"),
    [
        ("arn:aws:sqs:ap-south-1:000000000000:queue", "sqs:SendMessage"),
        ("arn:aws:sns:ap-south-1:000000000000:topic", "sns:Publish"),
        ("arn:aws:events:ap-south-1:000000000000:event-bus/default", "events:PutEvents"),
    ],
)
def test_a_destination_needs_the_action_that_sends_to_it(
    make_role: Any,
    put_policy: Any,
    create_function: Any,
    root: Any,
    refusal: Any,
    side: str,
    target: str,
    action: str,
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-async-destinations."""
    role = make_role(LOGS)
    name, config = create_function(HANDLER, Role=role).name, {side: {"Destination": target}}
    client = root("lambda")
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    for change in (client.put_function_event_invoke_config, client.update_function_event_invoke_config):
        code, message = refusal(change, FunctionName=name, DestinationConfig=config)
        assert code == "InvalidParameterValueException"
        service, _, operation = action.partition(":")
        text = f"The provided execution role does not have permissions to call {operation} on {service.upper()}"
        assert message == text
    put_policy(role, {"Action": action, "Resource": target})
    assert client.put_function_event_invoke_config(FunctionName=name, DestinationConfig=config)["DestinationConfig"]


def test_a_function_as_a_destination_must_let_the_role_invoke_it(
    make_role: Any, put_policy: Any, create_function: Any, root: Any, refusal: Any
) -> None:
    role, target = make_role(LOGS), create_function(HANDLER).arn
    request = {
        "FunctionName": create_function(HANDLER, Role=role).name,
        "DestinationConfig": {"OnSuccess": {"Destination": target}},
    }
    put = root("lambda").put_function_event_invoke_config
    assert "call InvokeFunction on LAMBDA" in refusal(put, **request)[1]
    put_policy(role, {"Action": "lambda:InvokeFunction", "Resource": target})
    assert put(**request)


def test_a_bucket_as_a_destination_needs_both_actions(
    make_role: Any, put_policy: Any, create_function: Any, root: Any, bucket: str, refusal: Any
) -> None:
    role, arn = make_role(LOGS, {"Action": "s3:ListBucket", "Resource": "*"}), f"arn:aws:s3:::{bucket}"
    function = create_function(HANDLER, Role=role)
    request = {"FunctionName": function.name, "DestinationConfig": {"OnFailure": {"Destination": arn}}}
    put = root("lambda").put_function_event_invoke_config
    assert "call PutObject on S3" in refusal(put, **request)[1]
    writing = {"Action": "s3:PutObject", "Resource": f"{arn}/aws/lambda/async/{function.name}/*"}
    put_policy(role, {"Action": "s3:ListBucket", "Resource": arn}, writing)
    assert put(**request)


@pytest.mark.parametrize("action", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"])
def test_active_tracing_without_xray_permissions_is_accepted_and_listed(
    make_role: Any, create_function: Any, denials: Any, action: str
) -> None:
    other = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"} - {action}
    role = make_role({"Action": sorted(other), "Resource": "*"}, LOGS)
    create_function(HANDLER, Role=role, TracingConfig={"Mode": "Active"})
    [denial] = denials(role.rpartition("/")[2])
    assert (denial["action"], denial["refused"]) == (action, False)


@pytest.mark.long_proof
def test_active_tracing_needs_xray_permissions_if_the_setting_says_so(
    start_localstack: Any, create_function: Any, create_role: Any, refusal: Any
) -> None:
    action, where = "xray:PutTraceSegments", start_localstack(LAMBDA_REFUSE_TRACING="1")
    role = create_role(where)
    iam, name = where.client("iam"), role.rpartition("/")[2]
    statement = {"Effect": "Allow", "NotAction": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="everything", PolicyDocument=document)
    code, message = refusal(lambda: create_function(HANDLER, Role=role, TracingConfig={"Mode": "Active"}, where=where))
    assert code == "InvalidParameterValueException"
    assert message.endswith(f"does not have permissions to call {action.partition(':')[2]} on XRAY")


def test_records_wait_while_the_role_may_not_read_them(
    make_role: Any,
    put_policy: Any,
    create_function: Any,
    root: Any,
    stream: str,
    denials: Any,
    eventually: Callable[..., Any],
    delete_mapping: Callable[..., None],
) -> None:
    role = make_role(reading(), LOGS)
    function = create_function(HANDLER, Role=role)
    mapping = create_mapping(root, function, stream)
    put_policy(role, reading("kinesis:GetRecords"), LOGS)
    root("kinesis").put_record(StreamARN=stream, Data=b"{}", PartitionKey="k")
    name = role.rpartition("/")[2]
    eventually(
        lambda: [each for each in denials(name) if each["action"] == "kinesis:GetRecords"], "reading is refused", 30
    )
    put_policy(role, reading(), LOGS)
    eventually(lambda: "seen\n" in function.log_events(), "the record is delivered anyway", 60)
    delete_mapping(root("lambda"), mapping)


def test_changes_of_a_table_wait_while_the_role_may_not_read_them(
    make_role: Any,
    put_policy: Any,
    create_function: Any,
    root: Any,
    denials: Any,
    eventually: Callable[..., Any],
    delete_mapping: Callable[..., None],
) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html ("Execution role permissions")."""
    tables, name = root("dynamodb"), f"table-{uuid.uuid4().hex[:8]}"
    table = tables.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )["TableDescription"]
    reading_tables = {
        "Action": [f"dynamodb:{one}" for one in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")],
        "Resource": table["LatestStreamArn"],
    }
    role = make_role(reading_tables, LOGS)
    function = create_function("def handler(event, context):\n    print('seen')", Role=role)
    mapping = create_mapping(root, function, table["LatestStreamArn"])
    put_policy(role, LOGS)
    tables.put_item(TableName=name, Item={"id": {"S": "1"}})
    session = role.rpartition("/")[2]
    eventually(
        lambda: [each for each in denials(session) if each["action"].startswith("dynamodb:")], "reading is refused", 30
    )
    put_policy(role, reading_tables, LOGS)
    eventually(lambda: "seen\n" in function.log_events(), "the change is delivered anyway", 60)
    delete_mapping(root("lambda"), mapping)


def test_a_failure_record_is_not_written_without_permission(
    make_role: Any,
    put_policy: Any,
    create_function: Any,
    root: Any,
    stream: str,
    bucket: str,
    denials: Any,
    eventually: Callable[..., Any],
    delete_mapping: Callable[..., None],
) -> None:
    writing = {"Action": ["s3:PutObject", "s3:ListBucket"], "Resource": "*"}
    role = make_role(reading(), LOGS, writing)
    function = create_function(HANDLER, Role=role)
    mapping = create_mapping(
        root,
        function,
        stream,
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}},
    )
    put_policy(role, reading(), LOGS)
    root("kinesis").put_record(StreamARN=stream, Data=b"{}", PartitionKey="poison")
    name = role.rpartition("/")[2]
    eventually(lambda: [each for each in denials(name) if each["action"] == "s3:PutObject"], "writing is refused", 30)
    put_policy(role, reading(), LOGS, writing)  # four delivery attempts in all
    eventually(lambda: root("s3").list_objects_v2(Bucket=bucket)["KeyCount"], "the record is written", 30)
    delete_mapping(root("lambda"), mapping)


@pytest.mark.parametrize("action", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_a_function_without_permission_to_log_still_answers(
    make_role: Any, create_function: Any, denials: Any, eventually: Callable[..., Any], root: Any, action: str
) -> None:
    role = make_role({"Action": [each for each in LOGS["Action"] if each != action], "Resource": "*"})
    function = create_function("handler = lambda event, context: 'answer'", Role=role)
    root("logs").create_log_group(logGroupName=f"/aws/lambda/{function.name}")
    assert function.invoke().payload == "answer"
    name = role.rpartition("/")[2]
    eventually(lambda: [each for each in denials(name) if each["action"] == action], "logging is refused", 20)
    assert function.log_events() == []


def test_the_functions_own_calls_have_the_roles_permissions(make_role: Any, create_function: Any, bucket: str) -> None:
    source = """
        import os, boto3

        def handler(event, context):
            s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
            return s3.list_objects_v2(Bucket=event)["KeyCount"]
    """
    allowed = make_role(LOGS, {"Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"})
    assert create_function(source, Role=allowed).invoke(bucket).payload == 0
    refused = create_function(source, Role=make_role(LOGS)).invoke(bucket)
    assert "is not authorized to perform: s3:ListBucket" in refused.payload["errorMessage"]


def test_the_repository_policy_must_let_lambda_pull_the_image(make_role: Any, make_user: Any, root: Any) -> None:
    name, role = f"repository-{uuid.uuid4().hex[:8]}", make_role(LOGS)
    repository = root("ecr").create_repository(repositoryName=name)["repository"]
    statements = [
        {"Action": "lambda:CreateFunction", "Resource": "*"},
        {"Action": "iam:PassRole", "Resource": role},
    ]

    def create(user: Any, function: str = "function-of-image") -> tuple[str, str] | None:
        """Return the error, or None if the function is created: only the container executor needs the image."""
        image = f"{repository['repositoryUri']}:missing"
        request = {"FunctionName": function, "Role": role, "PackageType": "Image", "Code": {"ImageUri": image}}
        try:
            user.client("lambda").create_function(**request)
        except ClientError as error:
            return error.response["Error"]["Code"], error.response["Error"]["Message"]
        root("lambda").delete_function(FunctionName=function)
        return None

    user = make_user(*statements)
    refused = (
        "AccessDeniedException",
        "Lambda does not have permission to access the ECR image. Check the ECR permissions.",
    )
    assert create(user) == refused
    pulling = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        "Condition": {
            "StringLike": {"aws:SourceArn": "arn:aws:lambda:ap-south-1:000000000000:function:function-of-image"}
        },
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": pulling})
    root("ecr").set_repository_policy(repositoryName=name, policyText=policy)
    assert create(user) is None
    assert create(user, "another") == refused
    setting = make_user(
        *statements, {"Action": ["ecr:GetRepositoryPolicy", "ecr:SetRepositoryPolicy"], "Resource": "*"}
    )
    assert create(setting, "another") is None
    added = json.loads(root("ecr").get_repository_policy(repositoryName=name)["policyText"])
    assert added["Statement"][-1]["Sid"] == "LambdaECRImageRetrievalPolicy"
