import os
from typing import Any

import model

SERVICE = model.load(os.environ["MODEL_BUCKET"], os.environ["RUN_ID"], os.environ["PREDICTIONS_STREAM_NAME"])


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    return SERVICE.answer(event)
