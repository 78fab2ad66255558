"""The reading room, the shelf, notes, quizzes, and the way to media."""
