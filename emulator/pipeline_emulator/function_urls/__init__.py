"""Function URLs: HTTP endpoints of functions, with AWS's events, responses, CORS and streaming.

https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html
"""
