"""An account's commitment to a minimum throughput lasts at least 24 hours."""

from typing import Any

from pipeline_emulator.kinesis.streams.commitment import Commitment, Commitments

DAY = 24 * 3600
ACCOUNT = ("000000000000", "ap-south-1")


def test_a_commitment_disabled_early_ends_at_the_earliest_time_allowed(world: Any) -> None:
    commitments, began = Commitments(world.clock), world.clock()
    assert commitments.set(*ACCOUNT, enable=False) == Commitment("DISABLED")
    assert commitments.set(*ACCOUNT, enable=True) == Commitment("ENABLED", began, began + DAY)
    world.clock.now += 3600
    ending = Commitment("ENABLED_UNTIL_EARLIEST_ALLOWED_END", began, began + DAY)
    assert commitments.set(*ACCOUNT, enable=False) == ending
    assert commitments.set(*ACCOUNT, enable=False) == ending
    world.clock.now += DAY
    assert commitments.get(*ACCOUNT) == Commitment("DISABLED", began, began + DAY, began + DAY)
    assert commitments.get("111111111111", ACCOUNT[1]) == Commitment("DISABLED")


def test_a_pending_end_can_be_cancelled(world: Any) -> None:
    commitments, began = Commitments(world.clock), world.clock()
    commitments.set(*ACCOUNT, enable=True)
    commitments.set(*ACCOUNT, enable=False)
    assert commitments.set(*ACCOUNT, enable=True) == Commitment("ENABLED", began, began + DAY)
    world.clock.now += 2 * DAY
    assert commitments.get(*ACCOUNT).status == "ENABLED"
    assert commitments.set(*ACCOUNT, enable=False).ended_at == began + 2 * DAY
    assert commitments.set(*ACCOUNT, enable=True).started_at == began + 2 * DAY
