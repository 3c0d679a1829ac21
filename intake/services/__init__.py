"""What intake does: register, add, separate, record exits. Every way in calls these."""

from intake.services.exits import record_exit, reverse_exit
from intake.services.registration import add_member, register_household, register_many
from intake.services.rows import Registration
from intake.services.screening import separate_person

__all__ = [
    "Registration",
    "add_member",
    "record_exit",
    "register_household",
    "register_many",
    "reverse_exit",
    "separate_person",
]
