"""Boards: what placement officers, site managers and coordinators look at. They only read.

Each selector takes the user and the moment, returns dataclasses, and takes a fixed number of
queries however many sites there are. What a user may not know of is in no list and in no total.
"""
