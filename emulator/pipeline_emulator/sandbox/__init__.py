"""One child process of LocalStack per execution environment: it isolates, runs, measures and kills the function.

Standard library only and quick to import, because it starts with the base interpreter before every cold start.
"""
