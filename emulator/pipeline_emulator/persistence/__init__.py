"""What outlives LocalStack under PERSISTENCE=1: SQLite files in the folder that LocalStack keeps its state in."""
