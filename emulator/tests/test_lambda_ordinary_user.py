"""The sandbox of a LocalStack that an ordinary user runs, when root runs the tests. Other users' tests all show it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import pipeline_emulator

pytestmark = [
    pytest.mark.local_only,
    pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root can become another user"),
]
USER = 4711

# In a mount namespace of its own, as that user; whatever a home folder of root's hides of the interpreter is shown.
AS_USER = """
import os, subprocess, sys
user, prefix, *command = sys.argv[1:]
os.unshare(os.CLONE_NEWNS)
run = lambda *words: subprocess.run(words, check=True)
run("mount", "--make-rprivate", "/")
if prefix.startswith("/root/"):
    run("mount", "--bind", prefix, "/mnt")
    run("mount", "-t", "tmpfs", "-o", "mode=755", "none", "/root")
    os.makedirs(prefix)
    run("mount", "--bind", "/mnt", prefix)
    run("umount", "/mnt")
os.setgroups([]); os.setgid(int(user)); os.setuid(int(user))
os.execv(command[0], command)
"""

# Starts sandboxes as LocalStack does, and prints what the functions in them print.
SANDBOXES = """
import asyncio, json, os, socket, subprocess, sys
from pipeline_emulator.gateway.sockets import Connection
from pipeline_emulator.lambda_runtime import isolation, shown_files
from pipeline_emulator.lambda_runtime.origins import ENVIRONMENTS
from pipeline_emulator.lambda_runtime.output import Output
from pipeline_emulator.lambda_runtime.process import ProcessRuntime
from pipeline_emulator.sandbox.protocol import Specification

LOOK = '''
import json, os, socket, sys, time
server = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
ids = os.getresuid() + os.getresgid()
lines = dict(line.split(":", 1) for line in open("/proc/self/status"))
try:
    os.unshare(os.CLONE_NEWUSER)
    nested = "a user namespace"
except OSError as error:
    nested = error.strerror
found = {
    "ids": ids, "capabilities": int(lines["CapBnd"], 16) | int(lines["CapEff"], 16), "nested": nested,
    "root": sorted(os.listdir("/")), "processes": len([n for n in os.listdir("/proc") if n.isdigit()]),
    "settings": os.access("/proc/sys/kernel/ns_last_pid", os.W_OK),
}
open("/dev/stdout", "w").write(json.dumps(found) + chr(10))
if sys.argv[2] == "hide":
    left, right = socket.socketpair()
    socket.send_fds(left, [b"x"], [server.fileno()])
    server.close()
time.sleep(60)
'''

def of_a_program():
    server = socket.create_server(("127.0.0.1", 0))
    code = "import socket, sys; made = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(server.getsockname()[1])]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as program:
        accepted, client = server.accept()
        made = ENVIRONMENTS.made(Connection(client, accepted.getsockname()))
        program.stdin.close()
    return made

async def look(how):
    answer = asyncio.get_running_loop().create_future()
    output = Output(lambda _time, text: answer.done() or answer.set_result(text))
    server = socket.create_server(("127.0.0.1", 0))
    python = os.path.realpath(sys._base_executable)
    specification = Specification(
        isolation=isolation.candidates("")[0], command=[python, "-c", LOOK, str(server.getsockname()[1]), how],
        environment={}, folder="/", shown=shown_files.of_interpreter(), tmp_bytes=2**20, memory_bytes=2**30,
    )
    runtime = ProcessRuntime(specification, output, lambda: None)
    other = ProcessRuntime(specification, output, lambda: None)
    await runtime.start("")
    await other.start("")
    try:
        accepted, client = server.accept()
        found = json.loads(await asyncio.wait_for(answer, 60))
        await asyncio.sleep(1)
        connection = Connection(client, accepted.getsockname())
        own = socket.create_connection(server.getsockname())
        found["its own"] = [await runtime.made(connection), await other.made(connection)]
        found["a function's"] = ENVIRONMENTS.made(connection)
        found["this process's"] = ENVIRONMENTS.made(Connection(own.getsockname(), own.getpeername()))
        found["another program's"] = await asyncio.to_thread(of_a_program)
        return found
    finally:
        await runtime.close()
        await other.close()
        output.close()

print(json.dumps({"level": isolation.candidates("")[0]} | {how: asyncio.run(look(how)) for how in ("show", "hide")}))
"""


def test_the_sandbox_of_an_ordinary_user_is_the_same(tmp_path: Path) -> None:
    packages = Path(pipeline_emulator.__file__).parents[1]
    command = [sys.executable, "-c", AS_USER, str(USER), sys.base_prefix, sys.executable, "-P", "-c", SANDBOXES]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(packages), "PYTHONDONTWRITEBYTECODE": "1"}

    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/", check=False)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["level"] == "user namespaces"
    for how in ("show", "hide"):
        seen = found[how]
        assert seen["ids"] == [993, 993, 993, 990, 990, 990]
        assert (seen["capabilities"], seen["settings"], seen["nested"]) == (0, False, "No space left on device")
        assert not {"home", "run", "sys", "work", "var", "mnt"} & set(seen["root"])
        assert seen["processes"] < 5
        assert seen["a function's"] is True
        assert seen["this process's"] is True  # LocalStack sends itself only what a function has made it send
        assert seen["another program's"] is False
    assert sorted(found["show"]["its own"]) == [False, True]
    assert found["hide"]["its own"] == [False, False]
