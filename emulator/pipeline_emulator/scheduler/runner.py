"""Runs the schedules that moto stores.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
"""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from localstack.runtime import events
from moto.scheduler.models import scheduler_backends

from pipeline_emulator.scheduler import targets
from pipeline_emulator.scheduler.expressions import following

LOG = logging.getLogger(__name__)
_PAUSE_SECONDS = 0.5
# Schedules have a precision of a minute: the time of one that is created may have just passed.
_MINUTE, _MOMENT = timedelta(minutes=1), timedelta(microseconds=1)


@dataclass
class _Plan:
    """When a schedule is due next: never if `due` is None. `version` changes with the schedule."""

    version: object
    start: datetime
    due: datetime | None


class Runner:
    """Looks for schedules that are due, in a thread of its own.

    Args:
        call: calls the target of a schedule; gets the time for which it was planned, too.
    """

    def __init__(self, call: Callable[[Any, datetime], None] = targets.call) -> None:
        self._call = call
        self._plans: dict[str, _Plan] = {}

    def start(self) -> None:
        """Run until LocalStack stops."""
        threading.Thread(target=self._run, name="scheduler", daemon=True).start()

    def _run(self) -> None:
        while not events.infra_stopping.wait(_PAUSE_SECONDS):
            try:
                self.tick(datetime.now(UTC))
            except Exception:
                LOG.exception("Schedules")

    def tick(self, now: datetime) -> None:
        """Call the targets of the schedules that are due. Times that were missed count once."""
        found = {schedule.arn: (group, schedule) for group, schedule in _schedules()}
        self._plans = {arn: plan for arn, plan in self._plans.items() if arn in found}
        for arn, (group, schedule) in found.items():
            plan = self._plans.get(arn)
            if plan is None or plan.version != _version(schedule):
                plan = self._plans[arn] = _planned(schedule, now if plan else None)
            if plan.due is not None and plan.due <= now:
                due, plan.due = plan.due, _following(schedule, plan.start, now)
                if schedule.state != "DISABLED":
                    work = (group, schedule, due, plan.due is None)
                    threading.Thread(target=self._finish, args=work, name="schedule", daemon=True).start()

    def _finish(self, group: Any, schedule: Any, due: datetime, is_last: bool) -> None:
        version = _version(schedule)
        self._call(schedule, due)
        if is_last and schedule.action_after_completion == "DELETE" and _version(schedule) == version:
            group.schedules.pop(schedule.name, None)


def _schedules() -> Iterator[tuple[Any, Any]]:
    for regions in list(scheduler_backends.values()):
        for backend in list(regions.values()):
            for group in list(backend.schedule_groups.values()):
                yield from ((group, schedule) for schedule in list(group.schedules.values()))


def _version(schedule: Any) -> object:
    return schedule.creation_date, schedule.last_modified_date


def _planned(schedule: Any, after: datetime | None) -> _Plan:
    """Plan a new schedule, or one that was changed, which is due only after that time.

    StartDate and EndDate count for schedules that recur. A rate without StartDate begins at once.
    """
    start = _time(schedule.creation_date)
    if schedule.start_date and not _is_once(schedule):
        start = max(start, _time(schedule.start_date))
    try:
        due = _following(schedule, start, after or start - (_MINUTE if _is_once(schedule) else _MOMENT))
    except (ValueError, KeyError) as error:  # core has checked the form alone
        LOG.warning("Schedule %s is never due: %s", schedule.arn, error)
        due = None
    return _Plan(_version(schedule), start, due)


def _following(schedule: Any, start: datetime, after: datetime) -> datetime | None:
    found = following(schedule.schedule_expression, schedule.schedule_expression_timezone, start, after)
    ends = schedule.end_date and not _is_once(schedule)
    return None if found and ends and found > _time(schedule.end_date) else found


def _is_once(schedule: Any) -> bool:
    return str(schedule.schedule_expression).startswith("at(")


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
