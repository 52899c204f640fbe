"""Runs a DynamoDB for the KCL's leases; prints its address when ready, stops when its standard input closes."""

import sys

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(port=0)
server.start()
host, port = server.get_host_and_port()
print(f"http://{host}:{port}", flush=True)
sys.stdin.read()
