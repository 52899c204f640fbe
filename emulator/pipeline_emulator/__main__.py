"""`python -m pipeline_emulator`: the same as the command `pipeline-emulator`."""

from pipeline_emulator.launcher.cli import main

main()
