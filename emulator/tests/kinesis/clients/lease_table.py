"""A DynamoDB for a KCL's leases: prints its address as soon as it answers, ends with its standard input."""

import sys

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(port=0)
server.start()
host, port = server.get_host_and_port()
print(f"http://{host}:{port}", flush=True)
sys.stdin.read()
