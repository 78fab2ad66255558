"""The studio's today, mail and jobs; and the watching of pages, under consent."""
