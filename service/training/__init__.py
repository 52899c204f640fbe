"""Trains the store-sales model and logs it to MLflow. Never imported by the function."""
