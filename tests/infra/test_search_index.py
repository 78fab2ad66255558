"""The index on SQLite and on PostgreSQL: the same documents, the same questions, the same hits."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect

from xingtan.infra.db import Database
from xingtan.infra.search import Document, SearchIndex
from xingtan.infra.search.index import SearchResult, create_search, drop_search

PRODUCT, OTHER = UUID(int=100), UUID(int=200)


def document(number: int, title: str, summary: str = "", body: str = "", **others: object) -> Document:
    values: dict[str, object] = {
        "kind": "lesson",
        "language": "zh",
        "url_key": f"k{number}",
        "is_public": True,
        **others,
    }
    return Document(id=UUID(int=number), title=title, summary=summary, body=body, **values)  # type: ignore[arg-type]


SHELF = [
    document(1, "传感器入门", "从零开始", "一个装置。" * 30, product_id=PRODUCT),
    document(2, "物联网", "传感器与网络", "数据从设备来。", product_id=PRODUCT),
    document(3, "云计算", "弹性", "传感器" * 40, product_id=PRODUCT),
    document(
        4, "IoT 传感器实践", "Sensors in practice", "Wiring a sensor to the cloud.", language="en", kind="product"
    ),
    document(5, "Data analysis", "Running the numbers", "Sensor data, resumé and 数据 analysis", language="en"),
    document(6, "付费课", "", "只有买了的人看得到的传感器秘密", is_public=False, product_id=OTHER),
    document(7, "感传器", "器感传", "传 统 感 觉 器 皿"),
    document(8, "𰻝𰻝面", "", "привет мир", language="zh"),
    document(9, "长文", "", "的" * 3000 + "云" * 14_500 + "最后一段说到量子"),
]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    on_disk: Path = tmp_path_factory.mktemp("search") / "academy.sqlite3"
    url = f"sqlite:///{on_disk}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    with database.engine.begin() as connection:
        create_search(connection)
    index = SearchIndex(database)
    for one in SHELF:
        database.write(lambda session, one=one: index.put(session, one))
    yield database
    database.close()


@pytest.fixture
def index(database: Database) -> SearchIndex:
    return SearchIndex(database)


def ask(database: Database, query: str, **options: object) -> SearchResult:
    return database.read(lambda session: SearchIndex(database).search(session, query, **options))  # type: ignore[arg-type]


def ids(result: SearchResult) -> list[int]:
    return [hit.id.int for hit in result.hits]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("传感器", {1, 2, 3, 4}),
        ("云", {3, 9}),
        ("数据", {2, 5}),
        ("sensor", {4, 5}),
        ("sensors", {4, 5}),
        ("SENSOR", {4, 5}),
        ("sens", {4, 5}),
        ("sens data", set()),
        ("data sens", {5}),
        ("「IoT 传感器」", {4}),
        ("传感器 数据", {2}),
        ("什么是传感器", {1, 2, 3, 4}),
        ("résumé", {5}),
        ("run", {5}),
        ("𰻝", {8}),
        ("ПРИВЕТ", {8}),
        ("прив", {8}),
        ("感觉", {7}),
        ("量子", {9}),
        ("一段 长文", {9}),
        ("nothing", set()),
    ],
)
def test_what_is_found(database: Database, query: str, expected: set[int]) -> None:
    result = ask(database, query)
    assert set(ids(result)) == expected
    assert result.total == len(expected)


def test_a_title_goes_before_a_summary_before_a_body(database: Database) -> None:
    found = ids(ask(database, "传感器"))
    assert set(found[:2]) == {1, 4}
    assert found[2:] in ([2, 3], [3, 2])
    scores = [hit.score for hit in ask(database, "传感器").hits]
    assert scores == sorted(scores, reverse=True)
    assert scores[1] > 900 > scores[2]


def test_a_hit_shows_where(database: Database) -> None:
    [hit] = ask(database, "iot 传感器").hits
    assert hit.title_highlight == (("IoT", True), (" ", False), ("传感器", True), ("实践", False))
    assert (hit.kind, hit.language, hit.url_key, hit.product_id) == ("product", "en", "k4", None)
    [hit] = ask(database, "量子").hits
    assert ("量子", True) in hit.snippet
    assert sum(len(piece) for piece, _ in hit.snippet) == 160


def test_filters_and_pages(database: Database) -> None:
    assert ids(ask(database, "传感器", language="en")) == [4]
    assert set(ids(ask(database, "传感器", kinds={"lesson"}))) == {1, 2, 3}
    assert ask(database, "传感器", kinds=()).total == 0
    everything = ids(ask(database, "传感器"))
    pages = [ask(database, "传感器", limit=1, offset=offset) for offset in range(5)]
    assert [hit.id.int for page in pages for hit in page.hits] == everything
    assert {page.total for page in pages} == {4}


def test_a_paid_lesson_is_found_by_those_who_may_open_it(database: Database) -> None:
    assert ask(database, "秘密").total == 0
    assert ask(database, "秘密", open_products=[PRODUCT]).total == 0
    assert ids(ask(database, "秘密", open_products=[OTHER, PRODUCT])) == [6]
    assert ids(ask(database, "秘密", open_products=None)) == [6]


def test_a_document_is_replaced_and_removed(database: Database, index: SearchIndex) -> None:
    database.write(lambda session: index.put(session, document(50, "牡丹", "", "洛阳")))
    database.write(lambda session: index.put(session, document(50, "芍药", "", "扬州")))
    assert ids(ask(database, "牡丹")) == []
    assert ids(ask(database, "芍药")) == [50]
    database.write(lambda session: index.remove(session, UUID(int=50)))
    database.write(lambda session: index.remove(session, UUID(int=50)))
    assert ids(ask(database, "芍药")) == []


@pytest.mark.faults
def test_a_roll_back_leaves_the_index_as_it_was(database: Database, index: SearchIndex) -> None:
    def lost(session: object) -> None:
        index.put(session, document(51, "海棠"))  # type: ignore[arg-type]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        database.write(lost)
    assert ask(database, "海棠").total == 0


def test_what_a_database_cannot_store_is_left_out(database: Database, index: SearchIndex) -> None:
    database.write(lambda session: index.put(session, document(52, "茉莉\0花\ud800", "a\0b", "'; \\ DROP")))
    assert ids(ask(database, "茉莉")) == [52]
    database.write(lambda session: index.put(session, document(52, "", "", "")))
    assert ask(database, "茉莉").total == 0
    database.write(lambda session: index.remove(session, UUID(int=52)))


NASTY = [
    "", " ", "\0", "传\0感器", "\ud800", "😀😀", '"', "'", "\\", "*", "sensor*", "(", ")", "AND", "OR NOT", "NEAR(a b)",
    "-云", "title:云", "{title}: 云", "^云", "+", "a:b", "!云 & |", "<->", "':*A", "'; DROP TABLE search_entry; --",
    "%", "_", "云 OR 1=1", "云 " * 5000, "传感器" * 3000, "x" * 10_000, "\u202e云", "½", "a\nb\tc\rd", "ﬃ", "$1",
    ":query", "%(x)s",
]  # fmt: skip


@pytest.mark.parametrize("query", NASTY, ids=range(len(NASTY)))
def test_no_query_is_an_error(database: Database, query: str) -> None:
    result = ask(database, query, open_products=None)
    assert result.total >= len(result.hits)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="传感器云的 sensor'\"*()\\:&|!<->{}^+-", max_size=30))
def test_nothing_typed_breaks_it(database: Database, query: str) -> None:
    ask(database, query)


def test_the_tables_can_be_dropped(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    with database.engine.begin() as connection:
        SearchIndex.create(connection)
        assert any(name.startswith("search_") for name in inspect(connection).get_table_names())
        drop_search(connection)
    with database.engine.begin() as connection:
        assert inspect(connection).get_table_names() == []
    database.close()


@pytest.mark.postgres
def test_the_same_hits_on_both(tmp_path: Path, postgres_cluster: object) -> None:
    url = postgres_cluster.create()  # type: ignore[attr-defined]
    both = [Database(f"sqlite:///{tmp_path / 'x.sqlite3'}"), Database(url)]
    for database in both:
        with database.engine.begin() as connection:
            create_search(connection)
        index = SearchIndex(database)
        for one in SHELF:
            database.write(lambda session, one=one, index=index: index.put(session, one))
    words = [
        "传感器",
        "数据",
        "云",
        "的",
        "sensor",
        "data",
        "iot",
        "一个",
        "装置",
        "设备",
        "analysis",
        "cloud",
        "传",
        "感",
    ]
    for first in words:
        for second in ["", *words]:
            found = [ask(database, f"{first} {second}", open_products=None) for database in both]
            assert set(ids(found[0])) == set(ids(found[1])), (first, second)
            assert found[0].total == found[1].total
    for database in both:
        if not database.is_sqlite:
            with database.engine.begin() as connection:
                drop_search(connection)
                assert inspect(connection).get_table_names() == []
        database.close()
    postgres_cluster.drop(url)  # type: ignore[attr-defined]
