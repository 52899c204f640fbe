"""CloudWatch metrics of streams and functions: counted in this process, published once a minute as statistic sets."""
