"""Who may do what."""

from enum import StrEnum


class Role(StrEnum):
    OPERATOR = "operator"
    DUTY_OFFICER = "duty_officer"
    COUNTY = "county"
    CITY = "city"
    INSPECTOR = "inspector"
    MODEL_ENGINEER = "model_engineer"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """What a route asks of its caller."""

    OPEN = "open"  # no sign-in: health, sign-in itself, the page's own files
    SITE = "site"  # a site's device token
    SIGNED_IN = "signed_in"  # any person
    WATCH = "watch"  # live pictures, passages, alerts
    COMMAND = "command"  # release, hold and re-weigh at a site's barrier
    ACT = "act"  # acknowledge and dispose of alerts
    CLOSE = "close"  # close alerts of grade 3 and above
    SILENCE = "silence"
    SEARCH = "search"  # passages and evidence of the past, statistics
    LOCK = "lock"  # keep a passage past its retention
    EXPORT = "export"
    ADMINISTER = "administer"


_WATCHERS = {Right.SIGNED_IN, Right.WATCH}
_OFFICIAL = _WATCHERS | {Right.ACT, Right.COMMAND, Right.CLOSE, Right.SILENCE, Right.SEARCH}

RIGHTS: dict[Role, frozenset[Right]] = {
    Role.OPERATOR: frozenset(_WATCHERS | {Right.ACT, Right.COMMAND, Right.SEARCH}),
    Role.DUTY_OFFICER: frozenset(_WATCHERS | {Right.ACT, Right.COMMAND, Right.SEARCH, Right.SILENCE}),
    Role.COUNTY: frozenset(_OFFICIAL | {Right.LOCK}),
    Role.CITY: frozenset(_OFFICIAL | {Right.LOCK, Right.EXPORT}),
    Role.INSPECTOR: frozenset(_WATCHERS | {Right.SEARCH, Right.LOCK, Right.EXPORT}),
    Role.MODEL_ENGINEER: frozenset({Right.SIGNED_IN, Right.SEARCH}),
    Role.ADMINISTRATOR: frozenset(set(Right) - {Right.OPEN, Right.SITE}),
}

# Roles that belong to a site; from grade 3 on someone else closes an alert.
SITE_ROLES = frozenset({Role.OPERATOR, Role.DUTY_OFFICER})
