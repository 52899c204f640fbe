"""What is installed beyond the project's own environment."""
