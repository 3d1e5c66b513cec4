"""Reading and writing email, pure: bytes in, values out; no Django, no sockets, no database."""
