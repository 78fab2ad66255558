"""Custom service: asked for, quoted, agreed upon, paid, done, accepted or disputed."""
