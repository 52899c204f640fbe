"""What the pipeline must answer, said another way than the function says it."""

from decimal import Decimal


def enriched(events):
    return [{**each, "total": float(Decimal(each["quantity"]) * Decimal(str(each["price"])))} for each in events]
