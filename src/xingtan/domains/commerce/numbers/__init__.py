"""The numbers of the business: what recurs, who stays, what was sold; each with its formula and its rows."""
