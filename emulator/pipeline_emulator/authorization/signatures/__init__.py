"""Verifies signatures: Version 4 in headers, URLs, chunks and forms, and Version 2 in S3's URLs and forms.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html. `claims` reads what a request says about its
signature, `verify` decides whether that is true, and `computed` computes what it should be.
"""
