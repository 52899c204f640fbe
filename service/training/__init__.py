"""Trains the store-sales model and logs it to MLflow. The function never imports it."""
