"""Serves the requests that carry records without twisted's HTTP server and the longer part of the handler chain.

`request_head` recognises such a request among the bytes of a connection, `channel` collects its body and writes the
response, `fast_chain` runs those of the gateway's own handlers that have something to do with it, `messages` decodes
and encodes. What is not recognised takes the usual way, unchanged: only the usual way refuses a malformed request.
"""
