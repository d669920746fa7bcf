"""Have the kernel watch files for an epoll: the account has so many watches, and each is memory that nothing counts."""

from __future__ import annotations

import os
import select

ORIGIN = "epoll(7): /proc/sys/fs/epoll/max_user_watches for each account."
SEEN = "claimed"


def attack(target):
    watched = os.eventfd(0)
    for poll in [select.epoll() for _ in range(10)]:
        poll.register(watched, 0)
    return True
