"""`python -m caseway.ops` is `caseway`."""

from caseway.ops.command_line import main

main()
