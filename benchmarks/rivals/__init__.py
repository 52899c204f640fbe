"""Other emulators, each from a locked environment of its own: for `make bench` and `make conformance`."""
