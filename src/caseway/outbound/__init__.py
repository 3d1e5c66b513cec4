"""The outbox: acknowledgements, replies, and how they leave."""
