"""Words that every part shares: money, time, ids, errors, lifecycles, who is asking. Standard library only."""
