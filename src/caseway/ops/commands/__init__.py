"""What the `caseway` command does, one file for each kind of work."""
