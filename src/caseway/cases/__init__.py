"""Cases with their messages, events and participants."""
