"""The machine the harness runs on: programs, processes, files, environment variables, the container engine."""
