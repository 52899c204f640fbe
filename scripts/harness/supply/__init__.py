"""What the images and environments are made of, and what is known against it."""
