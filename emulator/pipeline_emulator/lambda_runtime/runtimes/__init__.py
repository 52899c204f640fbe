"""The runtimes of functions from Zips: Python, Node.js and OS-only, with interpreters of this machine."""
