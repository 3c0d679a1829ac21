"""What reception does, one verb a function; see the modules for who raises what."""

from reception.services.allocating import (
    ask_again,
    ask_allocation,
    change_line,
    confirm_allocation,
    lock_line,
    withdraw_allocation,
    work_out,
)
from reception.services.ending import (
    cancel_placement,
    check_out,
    expire_reservations,
    mark_no_show,
)
from reception.services.parting import reunite_placement, split_placement
from reception.services.placing import confirm, place_household, place_once
from reception.services.requiring import (
    decide_policy,
    end_keep_apart,
    end_requirement,
    join_kin,
    keep_apart,
    leave_kin,
    require_place,
)
from reception.services.sites import (
    create_site,
    edit_site,
    end_overflows,
    grant_overflow,
    recalculate_capacity,
)
from reception.services.sizes import household_changed
from reception.services.staying import (
    announce_transfer,
    check_in,
    mark_not_come,
    record_absence,
    record_return,
)
from reception.services.transfers import transfer_placement
from reception.services.units import move_to_unit

__all__ = [
    "announce_transfer",
    "ask_again",
    "ask_allocation",
    "cancel_placement",
    "change_line",
    "check_in",
    "check_out",
    "confirm",
    "confirm_allocation",
    "create_site",
    "decide_policy",
    "edit_site",
    "end_keep_apart",
    "end_overflows",
    "end_requirement",
    "expire_reservations",
    "grant_overflow",
    "household_changed",
    "join_kin",
    "keep_apart",
    "leave_kin",
    "lock_line",
    "mark_no_show",
    "mark_not_come",
    "move_to_unit",
    "place_household",
    "place_once",
    "recalculate_capacity",
    "record_absence",
    "record_return",
    "require_place",
    "reunite_placement",
    "split_placement",
    "transfer_placement",
    "withdraw_allocation",
    "work_out",
]
