"""Learning: progress, notes and quizzes of one person in one lesson."""
