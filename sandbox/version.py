"""The version of the whole program, here because every other package may import this one."""

VERSION = "0.1.0"
