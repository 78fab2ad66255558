"""Which data about people may leave: tables made alike, figures with noise, attacks on both, and a gate.

1. Microdata leaves with k, l and t measured on the very table; aggregates leave paid from a budget that only shrinks.
2. Nothing leaves that has not been attacked.
3. It knows no database: rows come as pyarrow tables, with the columns that their schema declares and no others.
"""
