"""The words and values everything else is built from: no I/O, no clock."""
