"""What is read of offers and orders; frozen rows, never ORM objects."""
