"""The fixtures live in tests/fixtures, one plugin for each subject."""

pytest_plugins = [
    "tests.fixtures.programs",
    "tests.fixtures.network",
    "tests.fixtures.postgres",
    "tests.fixtures.redis",
    "tests.fixtures.browser",
    "tests.fixtures.academy",
    "tests.fixtures.web",
    "tests.fixtures.live",
]
