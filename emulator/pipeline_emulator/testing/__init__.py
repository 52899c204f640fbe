"""The pytest plugin: fixtures that start an emulator, count events, inject faults and list what IAM refused."""
