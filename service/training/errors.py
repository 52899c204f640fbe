"""What training tells the user without a traceback."""


class TrainingError(Exception):
    """Training cannot go on; the message names the cause and the next step."""


class DataError(TrainingError):
    """The training data is unusable; the message lists the places that are wrong."""
