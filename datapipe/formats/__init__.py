"""Answer formats, one a file; `datapipe/format.py` finds them."""
