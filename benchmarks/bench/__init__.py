"""`make bench`: this pipeline beside other emulators, on one machine in one run, through one client."""
