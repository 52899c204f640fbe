"""What proves the pipeline: end to end, stages, privileges, the image's build."""
