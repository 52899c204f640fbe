"""Request timestamps with fractions of a second."""

from datetime import UTC, datetime

from pipeline_emulator import patches


def keep_fractions() -> None:
    """Keep the fractions of epoch seconds in requests: LocalStack truncates them, AWS does not."""
    patches.KEEP_FRACTIONS.replace(staticmethod(lambda text: datetime.fromtimestamp(float(text), UTC)))
