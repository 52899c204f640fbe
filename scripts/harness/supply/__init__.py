"""The software supply chain: what images and environments contain, and the known vulnerabilities of it."""
