"""The door of the webhooks domain: endpoints, their messages, what is public."""

from xingtan.domains.webhooks.delivery import reach_of
from xingtan.domains.webhooks.events import EndpointTurnedOff
from xingtan.domains.webhooks.jobs import HANDLERS, LONG, PERIODIC, TRANSACTIONAL
from xingtan.domains.webhooks.queries import endpoint, endpoints, message, message_counts, messages
from xingtan.domains.webhooks.rules.schedule import PAUSES_S, TURN_OFF_AFTER
from xingtan.domains.webhooks.rules.vocabulary import PUBLIC, TEST, PublicEvent
from xingtan.domains.webhooks.use_cases.endpoints import (
    MOST_ENDPOINTS,
    OLD_SECRET_LIVES,
    SaveEndpoint,
    make_endpoint,
    pause_endpoint,
    remove_endpoint,
    resume_endpoint,
    rotate_secret,
    save_endpoint,
)
from xingtan.domains.webhooks.use_cases.messages import KEPT, replay_failed, replay_message, send_test
from xingtan.domains.webhooks.views import AttemptView, EndpointView, MadeEndpoint, MessageDetail, MessageView

__all__ = [
    "HANDLERS",
    "KEPT",
    "LONG",
    "MOST_ENDPOINTS",
    "OLD_SECRET_LIVES",
    "PAUSES_S",
    "PERIODIC",
    "PUBLIC",
    "TEST",
    "TRANSACTIONAL",
    "TURN_OFF_AFTER",
    "AttemptView",
    "EndpointTurnedOff",
    "EndpointView",
    "MadeEndpoint",
    "MessageDetail",
    "MessageView",
    "PublicEvent",
    "SaveEndpoint",
    "endpoint",
    "endpoints",
    "make_endpoint",
    "message",
    "message_counts",
    "messages",
    "pause_endpoint",
    "reach_of",
    "remove_endpoint",
    "replay_failed",
    "replay_message",
    "resume_endpoint",
    "rotate_secret",
    "save_endpoint",
    "send_test",
]
