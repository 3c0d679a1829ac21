"""What intake does: register, add, separate, record what happens. Every way in calls these."""

from intake.services.exits import record_exit, record_exits, record_return, reverse_exit
from intake.services.life import record_birth
from intake.services.moves import join_households, move_people, move_person, split_household
from intake.services.registration import add_member, register_household, register_many
from intake.services.rows import Registration
from intake.services.screening import separate_person

__all__ = [
    "Registration",
    "add_member",
    "join_households",
    "move_people",
    "move_person",
    "record_birth",
    "record_exit",
    "record_exits",
    "record_return",
    "register_household",
    "register_many",
    "reverse_exit",
    "separate_person",
    "split_household",
]
