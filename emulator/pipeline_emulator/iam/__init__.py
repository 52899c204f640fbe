"""IAM: whether AWS would allow a request, from policies and a request alone.

Nothing here knows LocalStack, reads a clock or keeps state other than caches, so it is tested without a server. Start
at `evaluation.evaluate`. What the emulator cannot tell it never guesses: such a condition is `Undetermined`, which
denies.
"""
