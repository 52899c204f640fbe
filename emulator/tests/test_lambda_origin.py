"""A function reaches its own Runtime API only, and is never the root user: in a sandbox, and without one."""

import contextlib
import json
import socket
import sys
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import pytest

pytestmark = [
    pytest.mark.local_only,
    pytest.mark.skipif(sys.platform != "linux", reason="other kernels do not name the owner of a connection"),
]

ATTACKER = """
    import array, json, os, re, socket, subprocess, sys, time, urllib.request
    from urllib.parse import urlsplit

    import boto3
    from botocore import UNSIGNED
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.config import Config
    from botocore.credentials import Credentials
    from botocore.exceptions import ClientError

    os.environ["AWS_MAX_ATTEMPTS"] = "1"  # a retry would hide an error
    ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
    HOST, PORT = urlsplit(ENDPOINT).hostname, urlsplit(ENDPOINT).port
    REGION = os.environ["AWS_REGION"]

    def talk(connection, data):
        # What the other side answers within two seconds: a status, "closed" or "nothing".
        connection.settimeout(2)
        try:
            connection.sendall(data)
            answer = connection.recv(65536).decode(errors="replace")
        except TimeoutError:
            return "nothing"
        except OSError:
            return "closed"
        return answer or "closed"

    def connect(host, port, how=""):
        if how == "other address":
            return socket.create_connection((host, port), 5, source_address=("127.0.0.99", 0))
        if how == "mapped":
            found = socket.socket(socket.AF_INET6)
            found.connect((f"::ffff:{host}", port))
            return found
        return socket.create_connection((host, port), 5)

    def in_child(code, *arguments):
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
        ).stdout.strip()

    def status(action):
        try:
            action()
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "served"

    def request(key="test", path="/", service="s3", headers=()):
        # A signed HTTP request, as bytes: without a path of its own, S3's ListBuckets.
        made = AWSRequest("GET", ENDPOINT + path, headers={"Host": f"{HOST}:{PORT}", **dict(headers)})
        if key:
            SigV4Auth(Credentials(key, "test"), service, REGION).add_auth(made)
        lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in made.headers.items())]
        return ("\\r\\n".join(lines) + "\\r\\n\\r\\n").encode()

    def hidden(data):
        # No process has the connection while LocalStack decides: it is in a message between two sockets.
        left, right = socket.socketpair()
        connection = connect(HOST, PORT)
        connection.sendall(data)
        socket.send_fds(left, [b"x"], [connection.fileno()])
        connection.close()
        time.sleep(1)
        _, (number, ), _, _ = socket.recv_fds(right, 1, 1)
        with socket.socket(fileno=number) as back:
            back.settimeout(2)
            return back.recv(65536).decode(errors="replace")

    def handler(event, context):
        scope = {**globals(), "event": event}
        exec(event["code"], scope)
        return scope.get("result")
"""


@pytest.fixture(scope="module", params=["", pytest.param("process-group", marks=pytest.mark.long_proof)])
def attacked(request: pytest.FixtureRequest, start_localstack: Callable[..., Any]) -> Any:
    """A LocalStack with the strongest isolation, which knows functions by their user, and one without."""
    return start_localstack(LAMBDA_PROCESS_ISOLATION=request.param, FAULTS="1")


@pytest.fixture
def attack(create_function: Callable[..., Any], attacked: Any) -> Callable[..., Any]:
    """Return a function that runs code in a function; `result` is what it returns."""
    function = create_function(ATTACKER, where=attacked, Timeout=60, MemorySize=512)

    def run(code: str, **event: Any) -> Any:
        answer = function.invoke({"code": code, **event})
        assert answer.error is None, answer
        return answer.payload

    return run


ADDRESS = """
    import os

    def handler(event, context):
        return event or os.environ["AWS_LAMBDA_RUNTIME_API"]
"""
NEXT = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n"
ANSWER = 'POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n"mine"'
INIT_ERROR = "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


def to(address: str, request: str) -> str:
    """Return a request for the Runtime API at an address, with its own name: another one is refused for that alone."""
    return request.replace("Host: x", f"Host: {address}")


def test_no_other_environment_reaches_the_runtime_api(
    create_function: Callable[..., Any], attacked: Any, attack: Callable[..., Any]
) -> None:
    victim = create_function(ADDRESS, where=attacked)
    address = victim.invoke().payload

    code = """
host, port = event["address"].split(":")
child = (
    "import socket, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5); s.settimeout(2)\\n"
    "try: s.sendall(sys.argv[3].encode()); print(s.recv(999) or 'closed')\\n"
    "except TimeoutError: print('nothing')\\n"
    "except OSError: print('closed')"
)
result = [
    [how, talk(connect(host, int(port), how), data.encode())]
    for data in event["requests"] for how in ("", "other address", "mapped")
] + [["child", in_child(child, host, port, event["requests"][0])]]
"""
    found = attack(
        code, address=address, requests=[to(address, text) for text in (NEXT, ANSWER.format(id="x"), INIT_ERROR)]
    )

    assert [(how, answer) for how, answer in found if answer != "closed"] == []
    assert victim.invoke("still its own").payload == "still its own"
    # AND no program of this machine reaches it
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), 5) as outsider, contextlib.suppress(ConnectionError):
        outsider.sendall(to(address, NEXT).encode())
        assert outsider.recv(999) == b""
    assert victim.invoke("and again").payload == "and again"


def test_a_function_and_its_children_reach_their_own_runtime_api(attack: Callable[..., Any]) -> None:
    code = """
host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
child = (
    "import http.client, sys; c = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]))\\n"
    "c.request('POST', '/2018-06-01/runtime/invocation/other/response', b'1'); print(c.getresponse().status)"
)
own = event["request"].replace("Host: x", f"Host: {host}:{port}")
result = [talk(connect(host, int(port)), own.encode())[:12], in_child(child, host, port)]
"""
    assert attack(code, request=ANSWER.format(id="other")) == ["HTTP/1.1 400", "400"]


ROOT = {
    "root's keys": "status(boto3.client('s3', aws_access_key_id='test', aws_secret_access_key='test').list_buckets)",
    "root's keys, JSON": (
        "status(boto3.client('kinesis', aws_access_key_id='test', aws_secret_access_key='test').list_streams)"
    ),
    "root's keys, for its identity": (
        "status(boto3.client('sts', aws_access_key_id='test', aws_secret_access_key='test').get_caller_identity)"
    ),
    "a key that nobody has": (
        "status(boto3.client('s3', aws_access_key_id='AKIAIOSFODNN7EXAMPLE', aws_secret_access_key='x').list_buckets)"
    ),
    "another account's root": (
        "status(boto3.client('s3', aws_access_key_id='111122223333', aws_secret_access_key='x').list_buckets)"
    ),
    "root's key with the role's token": (
        "status(boto3.client('s3', aws_access_key_id='test', aws_secret_access_key='x',"
        " aws_session_token=os.environ['AWS_SESSION_TOKEN']).list_buckets)"
    ),
    "no signature": "status(boto3.client('kinesis', config=Config(signature_version=UNSIGNED)).list_streams)",
    "no signature, S3": (
        "status(lambda: boto3.client('s3', config=Config(signature_version=UNSIGNED)).create_bucket("
        "Bucket='unsigned', CreateBucketConfiguration={'LocationConstraint': REGION}))"
    ),
    "a presigned URL": (
        "talk(connect(HOST, PORT), ('GET ' + boto3.client('s3', aws_access_key_id='test', aws_secret_access_key='test')"
        ".generate_presigned_url('list_objects_v2', {'Bucket': 'any'}).removeprefix(ENDPOINT)"
        " + f' HTTP/1.1\\r\\nHost: {HOST}:{PORT}\\r\\n\\r\\n').encode())"
    ),
    "another address": "talk(connect(HOST, PORT, 'other address'), request())",
    "an IPv6 socket": "talk(connect(HOST, PORT, 'mapped'), request())",
    "a forwarded address": (
        "talk(connect(HOST, PORT), request(headers={'X-Forwarded-For': '10.9.8.7', 'Forwarded': 'for=10.9.8.7'}))"
    ),
    "a hidden connection": "hidden(request())",
    "a process that cannot be traced": (
        "(__import__('ctypes').CDLL(None).prctl(4, 0, 0, 0, 0), talk(connect(HOST, PORT), request()),"
        " __import__('ctypes').CDLL(None).prctl(4, 1, 0, 0, 0))[1]"
    ),
    "a child": (
        'in_child(\'import boto3, sys\\ntry: print(boto3.client("s3", aws_access_key_id="test",'
        ' aws_secret_access_key="test").list_buckets())\\nexcept Exception as e: print(e)\')'
    ),
    **{
        f"the URL of a queue{how}": (
            f"talk(connect(HOST, PORT), request(path='{path}/000000000000/any?Action=GetQueueUrl&QueueName=any',"
            f" service='sqs'{more}))"
        )
        for how, path, more in (
            ("", "", ""),
            (" with its region", "/queue/ap-south-1", ""),
            (" with a host", "", ", headers={'Host': f'sqs.ap-south-1.localhost.localstack.cloud:{PORT}'}"),
        )
    },
    "the header of LocalStack's services": (
        "talk(connect(HOST, PORT), request(headers={'x-localstack-data':"
        " json.dumps({'service_principal': 'lambda', 'source_arn': 'x'})}))"
    ),
}


@pytest.mark.variants
@pytest.mark.parametrize("how", ROOT)
def test_a_function_is_not_root(attack: Callable[..., Any], how: str) -> None:
    answer = attack(f"result = {ROOT[how]}")
    refused = ("AccessDenied", "InvalidAccessKeyId", "MissingAuthenticationToken")
    assert any(code in answer for code in refused) or answer.startswith("HTTP/1.1 403"), answer
    assert "ListAllMyBucketsResult" not in answer


MADE_UP = """
import base64
from botocore import UNSIGNED
parts = {"alg": "none"}, {"iss": "https://accounts.google.com", "aud": "a", "sub": "s"}, {}
token = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
sts = boto3.client("sts", config=Config(signature_version=UNSIGNED))
result = status(lambda: sts.assume_role_with_web_identity(
    RoleArn=event["role"], RoleSessionName="session", WebIdentityToken=token
))
"""


def test_a_made_up_web_identity_is_no_way_to_a_role(
    attack: Callable[..., Any], attacked: Any, create_role: Callable[..., str]
) -> None:
    """The signatures of such tokens are not verified: a deployer's role would be open to every function."""
    role = create_role(attacked)
    trust = {"Effect": "Allow", "Principal": {"Federated": "accounts.google.com"}}
    statement = {**trust, "Action": "sts:AssumeRoleWithWebIdentity"}
    attacked.client("iam").update_assume_role_policy(
        RoleName=role.rpartition("/")[2], PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    assert attack(MADE_UP, role=role) == "AccessDenied"


def _denials(attacked: Any) -> bytes:
    with urllib.request.urlopen(f"{attacked.endpoint_url}/_pipeline/iam/denials") as answer:
        return bytes(answer.read())


def test_the_refusal_says_why(attack: Callable[..., Any], attacked: Any) -> None:
    code = """
try:
    boto3.client("s3", aws_access_key_id="test", aws_secret_access_key="test").list_buckets()
except ClientError as error:
    result = error.response["Error"]["Message"]
"""
    text = attack(code)
    denials = json.loads(_denials(attacked))["denials"]
    assert [found["action"] for found in denials if found["principal"] == "arn:aws:iam::000000000000:root"].count(
        "s3:ListBuckets"
    ) == 1
    assert "arn:aws:iam::000000000000:root is not authorized to perform: s3:ListBuckets" in text
    assert "must be signed with the credentials of its role" in text
    assert "LAMBDA_ROOT_ACCESS=1" in text


def test_the_emulators_own_interfaces_are_closed_to_functions(attack: Callable[..., Any], attacked: Any) -> None:
    paths = [
        "/_pipeline/faults",
        "/_pipeline/iam/denials",
        "/_localstack/info",
        "/_aws/sqs/messages",
        "//_localstack/info",
    ]
    found = attack(
        "result = [talk(connect(HOST, PORT), request(None, path))[:12] for path in event['paths']]", paths=paths
    )
    assert set(found) <= {"HTTP/1.1 403", "HTTP/1.1 404"}
    assert found[:4] == ["HTTP/1.1 403"] * 4
    assert attack("result = talk(connect(HOST, PORT), request(None, '/_localstack/health'))[:12]") == "HTTP/1.1 200"
    # AND the same page stops LocalStack with another method
    stop = 'HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 17\\r\\n\\r\\n{"action":"kill"}'
    for method in ("POST", "PUT"):
        line = f"b'{method} /_localstack/health {stop}'"
        assert attack(f"result = talk(connect(HOST, PORT), {line})[:12]") == "HTTP/1.1 403"


SERVER = """
import http.server, threading, urllib.parse


class Redirect(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked.append(self.headers.get("x-amz-sns-message-type"))
        self.send_response(307)
        self.send_header("Location", event["target"])
        self.end_headers()

    def log_message(self, *_):
        pass


asked = []
server = http.server.HTTPServer(("127.0.0.1", 0), Redirect)
threading.Thread(target=server.serve_forever, daemon=True).start()
sns = boto3.client("sns")
topic = sns.create_topic(Name=event["name"])["TopicArn"]
direct = event["target"] if event["direct"] else f"http://127.0.0.1:{server.server_port}/"
sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=direct)
for _ in range(50):
    if asked:
        break
    time.sleep(0.1)
time.sleep(1)
server.shutdown()
result = asked
"""


@pytest.mark.parametrize("direct", [True, False])
def test_a_function_sends_no_request_as_localstack(attack: Callable[..., Any], attacked: Any, direct: bool) -> None:
    """A topic's subscription makes LocalStack itself send a request, to wherever the answer redirects it."""
    name = f"made-by-a-function-{uuid.uuid4().hex[:8]}"
    arguments = {
        "Action": "CreateUser",
        "Version": "2010-05-08",
        "UserName": name,
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": "test/20260101/us-east-1/iam/aws4_request",
        "X-Amz-Date": "20260101T000000Z",
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": "0" * 64,
    }
    target = f"{attacked.endpoint_url}/?{urlencode(arguments)}"
    found = attack(SERVER, target=target, name=name, direct=direct)
    assert direct or found  # the redirection was sent
    assert name not in [each["UserName"] for each in attacked.client("iam").list_users()["Users"]]


def test_the_roles_credentials_and_roles_it_assumes_work(
    attack: Callable[..., Any], attacked: Any, create_role: Callable[..., str]
) -> None:
    iam, role = attacked.client("iam"), create_role(attacked)
    trust = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "sts:AssumeRole"}
    iam.update_assume_role_policy(
        RoleName=role.rpartition("/")[2], PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    code = """
session = boto3.client("sts").assume_role(RoleArn=event["role"], RoleSessionName="session")["Credentials"]
other = boto3.client("s3", aws_access_key_id=session["AccessKeyId"], aws_secret_access_key=session["SecretAccessKey"],
                     aws_session_token=session["SessionToken"])
own = boto3.client("s3"), boto3.client("kinesis")
result = [status(own[0].list_buckets), status(own[1].list_streams), status(other.list_buckets)]
"""
    assert attack(code, role=role) == ["served"] * 3


def test_the_machine_itself_is_root_while_functions_run(attack: Callable[..., Any], attacked: Any) -> None:
    attack("result = None")  # its environment stays
    address = urlsplit(attacked.endpoint_url)
    for _ in range(2):
        attacked.client("s3").list_buckets()
        boto3.client(
            "sts",
            endpoint_url=attacked.endpoint_url,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="x",
        ).get_caller_identity()
    with socket.create_connection((address.hostname, address.port)) as plain:
        plain.sendall(b"GET /_pipeline/faults HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert plain.recv(99).startswith(b"HTTP/1.1 200")


@pytest.mark.long_proof
def test_a_setting_allows_it(start_localstack: Callable[..., Any], create_function: Callable[..., Any]) -> None:
    function = create_function(ATTACKER, where=start_localstack(LAMBDA_ROOT_ACCESS="1"), Timeout=60)
    for how in ("root's keys", "root's keys, JSON"):
        assert function.invoke({"code": f"result = {ROOT[how]}"}).payload == "served"
