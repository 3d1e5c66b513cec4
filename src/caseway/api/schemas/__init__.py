"""What goes in and out, field by field: the examples on the docs page come from here."""
