"""The studio's webhooks: where news is sent, and its log."""
