"""Every rule of the house, in the order of the fraud catalogue."""

from gate.fraud.rule import Rule
from gate.fraud.rules import (
    boundary,
    bypass,
    cloned_plate,
    crossed_ticket,
    goods_differ,
    no_ticket,
    overload,
    repeat_weighing,
    restricted_refuel,
    reused_ticket,
    swapped_plate,
    tare_padding,
    unlisted_tanker,
    unread_plate,
    wrong_way,
)

RULES: tuple[Rule, ...] = (
    bypass.RULE,
    wrong_way.RULE,
    boundary.RULE,
    unlisted_tanker.RULE,
    unread_plate.RULE,
    cloned_plate.RULE,
    swapped_plate.RULE,
    no_ticket.RULE,
    reused_ticket.RULE,
    crossed_ticket.RULE,
    goods_differ.RULE,
    tare_padding.RULE,
    repeat_weighing.RULE,
    overload.RULE,
    restricted_refuel.RULE,
)
