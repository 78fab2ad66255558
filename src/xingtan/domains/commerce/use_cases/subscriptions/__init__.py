"""The verbs of subscriptions that ask for money or answer a person."""
