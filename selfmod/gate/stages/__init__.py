"""The thirteen stages, each a module of its own behind the protocol of `selfmod/gate/base.py`."""
