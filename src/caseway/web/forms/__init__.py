"""Forms: what people may type, by noun."""
