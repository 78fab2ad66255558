"""What a learner, or a teacher, reads."""
