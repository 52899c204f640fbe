"""Trains and checks the model, and asks it for predictions without the function."""
