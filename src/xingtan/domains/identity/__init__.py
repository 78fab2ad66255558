"""People, how they sign in, what they may do; and the academy itself."""
