"""The fixed words of the catalogue."""

PRODUCT_KINDS = ("course", "column", "article", "ebook", "podcast", "live", "consulting", "bundle")
LESSON_KINDS = ("text", "video", "audio", "file", "quiz", "assignment")
LANGUAGES = ("zh", "en")
DIFFICULTIES = ("beginner", "intermediate", "advanced")
QUESTION_KINDS = ("single", "multiple", "true_false", "number", "text")
