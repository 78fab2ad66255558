"""`make bench`: the tables, one after the other; those that take their hours are run by name (`bench.renewals`)."""

from bench import books, checkout, privacy, serving

if __name__ == "__main__":
    serving.main()
    checkout.main()
    books.main()
    privacy.main()
