"""Hooks of the gateway."""

from typing import Any

from pipeline_emulator.hooks import Question

allows_page: Question[[Any, str | None], bool] = Question()
"""Whether a page of another host may send a request, by the page's origin. None: others decide."""

may_push: Question[[str], bool] = Question()
"""Whether somebody may push to the registry, by the Authorization header. None: there is no registry."""

may_wait: Question[[], bool] = Question()
"""Whether handlers may wait for something now, so that no request can be served in the reactor's thread. None: no."""

sees_requests: Question[[], bool] = Question()
"""Whether a handler has to see every request and its response now. None: no."""
