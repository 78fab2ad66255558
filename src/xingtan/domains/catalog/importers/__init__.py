"""From files to a plan (pure reading), and from a plan to rows (idempotent, resumable)."""
