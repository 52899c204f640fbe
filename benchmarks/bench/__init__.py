"""`make bench`: compares this pipeline with other emulators, on one machine, in one run, through one client."""
