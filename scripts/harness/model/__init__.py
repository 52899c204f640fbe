"""The model: trained, checked, and asked without the function."""
