"""Mailboxes on the outside: receiving accounts, support addresses, cursors, raw mail; IMAP and SMTP."""
