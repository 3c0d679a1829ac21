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
from reception.services.blocks import block_places, end_block, keep_blocks_in_time
from reception.services.ending import (
    cancel_placement,
    check_out,
    expire_reservations,
    mark_no_show,
)
from reception.services.head_counts import (
    close_head_count,
    count_household,
    count_unit,
    drop_head_count,
    reopen_head_count,
    start_head_count,
)
from reception.services.parting import reunite_placement, split_placement
from reception.services.placing import confirm, place_household, place_once
from reception.services.planning import (
    add_need,
    change_plan,
    drop_need,
    end_plan,
    plan_site,
    tick_need,
)
from reception.services.requiring import (
    decide_policy,
    end_keep_apart,
    end_requirement,
    join_kin,
    keep_apart,
    leave_kin,
    require_place,
)
from reception.services.resolving import resolve_difference
from reception.services.site_parts import add_photo, keep_part, remove_part
from reception.services.site_units import create_unit, edit_unit
from reception.services.site_upkeep import apply_norms
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
    "add_need",
    "add_photo",
    "announce_transfer",
    "apply_norms",
    "ask_again",
    "ask_allocation",
    "block_places",
    "cancel_placement",
    "change_line",
    "change_plan",
    "check_in",
    "check_out",
    "close_head_count",
    "confirm",
    "confirm_allocation",
    "count_household",
    "count_unit",
    "create_site",
    "create_unit",
    "decide_policy",
    "drop_head_count",
    "drop_need",
    "edit_site",
    "edit_unit",
    "end_block",
    "end_keep_apart",
    "end_overflows",
    "end_plan",
    "end_requirement",
    "expire_reservations",
    "grant_overflow",
    "household_changed",
    "join_kin",
    "keep_apart",
    "keep_blocks_in_time",
    "keep_part",
    "leave_kin",
    "lock_line",
    "mark_no_show",
    "mark_not_come",
    "move_to_unit",
    "place_household",
    "place_once",
    "plan_site",
    "recalculate_capacity",
    "record_absence",
    "record_return",
    "remove_part",
    "reopen_head_count",
    "require_place",
    "resolve_difference",
    "reunite_placement",
    "split_placement",
    "start_head_count",
    "tick_need",
    "transfer_placement",
    "withdraw_allocation",
    "work_out",
]
