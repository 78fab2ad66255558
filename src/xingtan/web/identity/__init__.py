"""The rooms of identity: the first visit, signing in, one's own account, consent; the studio's people and settings."""
