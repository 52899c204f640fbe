"""Other emulators, each in its own locked environment, for `make bench` and `make conformance`."""
