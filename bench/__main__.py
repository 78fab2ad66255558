"""`make bench`: every table, one after the other."""

from bench import serving

if __name__ == "__main__":
    serving.main()
