"""Times to the fraction of a second that a client sent."""

from datetime import UTC, datetime

from pipeline_emulator import patches


def keep_fractions() -> None:
    """Read epoch seconds as numbers: LocalStack cuts them to whole seconds, and AWS answers for the moment itself."""
    patches.KEEP_FRACTIONS.replace(staticmethod(lambda text: datetime.fromtimestamp(float(text), UTC)))
