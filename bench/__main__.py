"""`make bench`: every table, one after the other."""

from bench import books, privacy, serving

if __name__ == "__main__":
    serving.main()
    books.main()
    privacy.main()
