"""What is public, when to try again, how a message is signed: pure."""
