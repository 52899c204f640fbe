"""Evaluates IAM policies as AWS documents it, from the policies and the request alone.

Start at `evaluation.evaluate`. The package does not depend on LocalStack, reads no clock and keeps no state except
caches, so its tests need no server. A condition the emulator cannot evaluate is `Undetermined`, which denies.
"""
