"""The ledger: every mail that ever arrived, and what became of it."""
