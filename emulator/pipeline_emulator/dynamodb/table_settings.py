"""What moto drops of a request that makes or changes a table, and Terraform then finds missing.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateTable.html and
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
"""

from collections.abc import Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table

_KEPT = "pipeline_settings"  # an attribute of moto's table, so that snapshots have it, too
# "If read/write capacity mode is PAY_PER_REQUEST the value is set to 0", says ProvisionedThroughput.
_ON_DEMAND = {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0, "NumberOfDecreasesToday": 0}
_CHANGED = ("AttributeDefinitions", "ProvisionedThroughput", "GlobalSecondaryIndexes", "SSEDescription")


def note(table: Table, request: Mapping[str, Any]) -> None:
    """Keep the class of a table, its limits on demand and its key, and forget its capacity once it is on demand."""
    kept = vars(table).setdefault(_KEPT, {})
    if table_class := request.get("TableClass"):
        kept["TableClassSummary"] = {"TableClass": table_class}
    if limits := request.get("OnDemandThroughput"):
        kept["OnDemandThroughput"] = {name: limit for name, limit in limits.items() if limit != -1}  # -1: no limit
    if request.get("BillingMode") == "PAY_PER_REQUEST":
        metered: list[Any] = [table, *table.global_indexes]
        for one in metered:
            one.throughput = dict(_ON_DEMAND)
    elif request.get("BillingMode") == "PROVISIONED":
        kept.pop("OnDemandThroughput", None)
    if request.get("GlobalSecondaryIndexUpdates"):
        _forget_attributes(table)
    if (encryption := request.get("SSESpecification")) is not None:
        default = table._get_default_encryption_key(table.account_id, table.region_name)
        table.sse_specification = {"KMSMasterKeyId": default, **encryption}


def described(table: Table, description: dict[str, Any]) -> dict[str, Any]:
    """Return moto's description of a table as its settings are now."""
    now = table.describe("Table")["Table"]
    changed = {name: now[name] for name in _CHANGED if name in now}
    return {**description, **changed, **vars(table).get(_KEPT, {})}


def _forget_attributes(table: Table) -> None:
    """Forget the attributes of a deleted index: definitions are of those "in the table and index key schema"."""
    schemas = (table.schema, *(index.schema for index in (*table.indexes, *table.global_indexes)))
    keys = {key["AttributeName"] for schema in schemas for key in schema}
    table.attr = [one for one in table.attr if one["AttributeName"] in keys]


def find(account: str, region: str, name: str) -> Table | None:
    """Return a table by its name or ARN."""
    return dynamodb_backends[account][region].tables.get(name.rpartition("/")[2])
