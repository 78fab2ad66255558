"""The shop window: what a stranger sees, finds and is told before anything is asked of her."""
