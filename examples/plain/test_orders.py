"""The tests that this pipeline has anyway: `pip install pipeline-emulator pytest`, then `pytest`."""

import zipfile
from operator import itemgetter


def test_orders_get_their_totals(terraform_stack, ledger, tmp_path):
    with zipfile.ZipFile(tmp_path / "function.zip", "w") as package:
        package.write("function/enrich.py", "enrich.py")
    stack = terraform_stack("infrastructure", variables={"lambda_zip_path": str(tmp_path / "function.zip")})
    ledger.put(stack.outputs["orders"], [{"order_id": n, "quantity": n, "price": 1.5} for n in range(100)])
    answers = ledger.collect(stack.outputs["enriched"], 100)
    assert ledger.verdict(itemgetter("order_id"), itemgetter("order_id")).complete
    assert {answer["order_id"]: answer["total"] for answer in answers} == {n: n * 1.5 for n in range(100)}
