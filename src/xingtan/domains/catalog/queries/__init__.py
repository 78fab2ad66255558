"""What can be asked of the catalogue. Strangers see what is published; `catalog.read` sees everything."""
