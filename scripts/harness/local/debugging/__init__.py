"""`pipeline debug`: the function runs under debugpy while a debugger is attached."""
