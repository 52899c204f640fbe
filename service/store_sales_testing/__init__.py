"""What the service's tests share. Not part of the function."""
