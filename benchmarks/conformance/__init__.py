"""`make conformance`: tests which behaviours documented by AWS each tool's event source mapping has."""
