"""News for programs elsewhere: where it is sent, what is sent, and every attempt to send it."""
