"""The harness behind the Makefile: sets up, runs and tests the store-sales pipeline on one machine."""
