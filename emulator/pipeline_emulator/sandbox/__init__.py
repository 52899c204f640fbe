"""One child process of LocalStack per execution environment: isolates, runs, measures and kills the function.

It uses the standard library only and imports little, because the base interpreter starts it before every cold start.
"""
