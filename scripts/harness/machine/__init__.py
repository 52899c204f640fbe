"""The machine the harness runs on: programs, processes, files, the container engine, environment variables."""
