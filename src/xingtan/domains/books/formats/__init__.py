"""The journal in the words of other programs: entries in, lines of text out. No session, no clock, no float."""
