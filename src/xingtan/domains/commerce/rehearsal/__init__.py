"""How a sample academy comes by its past: plain orders many at once, everything else by the use cases themselves."""
