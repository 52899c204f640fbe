import os

import model

SERVICE = model.load(os.environ["MODEL_BUCKET"], os.environ["RUN_ID"], os.environ["PREDICTIONS_STREAM_NAME"])


def lambda_handler(event, context):
    return SERVICE.answer(event)
