"""Estimators and measures: frames and arrays in, frames and arrays out.

1. No database, no web, no torch: whoever calls brings the rows and takes the answer.
2. What is given is never changed, and the order of its rows changes nothing.
3. Randomness is an argument; the noise of a release comes from the operating system's secure source.
"""
