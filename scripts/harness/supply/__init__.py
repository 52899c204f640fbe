"""The software supply chain: contents of images, and known vulnerabilities of locked packages."""
