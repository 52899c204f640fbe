"""Errors that training shows the user without a traceback."""


class TrainingError(Exception):
    """Training cannot continue; the message names the cause and the next step."""


class DataError(TrainingError):
    """The training data is unusable; the message lists the errors and where they are."""
