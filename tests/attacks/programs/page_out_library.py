"""Have the kernel give up pages of the library first, which the whole machine shares."""

from __future__ import annotations

import mmap
import os

ORIGIN = "madvise(2), MADV_COLD and MADV_PAGEOUT: who evicts a page learns later whether somebody else has used it."
SEEN = "claimed"
MADV_COLD = 20


def attack(target):
    with open(os.__file__, "rb") as library, mmap.mmap(library.fileno(), 0, prot=mmap.PROT_READ) as pages:
        pages.madvise(MADV_COLD)
    return True
