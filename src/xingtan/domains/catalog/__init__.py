"""The catalogue: what exists. Products, their lessons, versions, media; import and export. Prices are commerce's."""
