"""What reception does, one verb a function; see the modules for who raises what."""

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
    "add_photo",
    "announce_transfer",
    "apply_norms",
    "block_places",
    "cancel_placement",
    "check_in",
    "check_out",
    "close_head_count",
    "confirm",
    "count_household",
    "count_unit",
    "create_site",
    "create_unit",
    "drop_head_count",
    "edit_site",
    "edit_unit",
    "end_block",
    "end_overflows",
    "expire_reservations",
    "grant_overflow",
    "household_changed",
    "keep_blocks_in_time",
    "keep_part",
    "mark_no_show",
    "mark_not_come",
    "move_to_unit",
    "place_household",
    "place_once",
    "recalculate_capacity",
    "record_absence",
    "record_return",
    "remove_part",
    "reopen_head_count",
    "resolve_difference",
    "reunite_placement",
    "split_placement",
    "start_head_count",
    "transfer_placement",
]
