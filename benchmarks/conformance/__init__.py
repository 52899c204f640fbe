"""`make conformance`: what each tool's event source mapping does of what AWS documents."""
