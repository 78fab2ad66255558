"""The sample academy that `xingtan demo` opens: original texts, and learners simulated from a known truth."""
