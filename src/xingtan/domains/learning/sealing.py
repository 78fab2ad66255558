"""The names under which learning's personal fields are sealed."""

QUOTE, TEXT, ANSWER, FEED = "note.quote", "note.text", "quiz_answer.text", "feed_token.token"
