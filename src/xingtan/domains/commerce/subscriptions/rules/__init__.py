"""Pure rules of subscriptions: intervals, plans, proration, when what is to be done."""
