"""Serves the page of one stack: `python -m harness.dashboard NAME PORT`."""

from __future__ import annotations

import sys

from harness.dashboard import server

server.serve(sys.argv[1], int(sys.argv[2]))
