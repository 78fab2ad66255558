"""The catalogue's one door: what others may ask of it and do to it.

Use cases are ``(session, command, *, viewer, clock)`` and need `catalog.write`; queries are ``(session, viewer, …)``:
strangers see what is published, `catalog.read` sees everything.
"""

from xingtan.domains.catalog.errors import TooLarge
from xingtan.domains.catalog.importers.apply import AppliedProduct, ImportReport, apply_plan
from xingtan.domains.catalog.importers.detect import IMPORTERS, open_source, plan_import
from xingtan.domains.catalog.importers.plan import ImportOptions, ImportPlan, PlannedLesson, PlannedProduct, Problem
from xingtan.domains.catalog.indexing import index_product
from xingtan.domains.catalog.jobs import HANDLERS, LONG, PERIODIC, TRANSACTIONAL
from xingtan.domains.catalog.kinds import DIFFICULTIES, LANGUAGES, LESSON_KINDS, PRODUCT_KINDS, QUESTION_KINDS
from xingtan.domains.catalog.machines import PRODUCT
from xingtan.domains.catalog.queries.assets import asset, find_assets
from xingtan.domains.catalog.queries.cards import (
    SORTS,
    bundle_contents,
    bundles_with,
    cards,
    editions,
    find_products,
    product_by_slug,
    topics,
)
from xingtan.domains.catalog.queries.contents import contents, contents_at, for_viewer
from xingtan.domains.catalog.queries.drafts import lesson_draft, lesson_version_texts, product_draft
from xingtan.domains.catalog.queries.pages import find_lessons, lesson_page, live_details, product_page, questions_of
from xingtan.domains.catalog.queries.search import search
from xingtan.domains.catalog.rules.markdown import LONGEST_BODY, Rendered, render, render_inline
from xingtan.domains.catalog.rules.places import assets_in, place
from xingtan.domains.catalog.rules.quizzes import Grade, grade, parse_questions, public_questions, question_of
from xingtan.domains.catalog.rules.slugs import slug_of
from xingtan.domains.catalog.use_cases.assets import PreparedAsset, Upload, keep_asset, prepare_asset, store_asset
from xingtan.domains.catalog.use_cases.lessons import (
    AddLesson,
    SavedLesson,
    SaveLesson,
    add_lesson,
    remove_lesson,
    restore_lesson_version,
    save_lesson,
)
from xingtan.domains.catalog.use_cases.products import (
    CreateProduct,
    RestoreProductVersion,
    SaveProduct,
    create_product,
    reorder_products,
    restore_product_version,
    save_product,
)
from xingtan.domains.catalog.use_cases.publishing import (
    PublishProduct,
    ScheduleProduct,
    publish_due,
    publish_lesson,
    publish_product,
    retire_product,
    schedule_product,
    unschedule_product,
)
from xingtan.domains.catalog.use_cases.structure import (
    add_section,
    move_lesson,
    move_section,
    remove_section,
    rename_section,
    shift_lesson,
)
from xingtan.domains.catalog.use_cases.topics import SaveTopic, save_topic
from xingtan.domains.catalog.use_cases.versions import render_with_assets
from xingtan.domains.catalog.views import (
    AssetView,
    CardFilters,
    CardPage,
    Consulting,
    Contents,
    LessonDraft,
    LessonLine,
    LessonPage,
    Live,
    ProductCard,
    ProductContent,
    ProductDraft,
    ProductPage,
    SearchHit,
    SearchPage,
    SectionLine,
    TocEntry,
    TopicView,
    VersionLine,
)

__all__ = [
    "DIFFICULTIES",
    "HANDLERS",
    "IMPORTERS",
    "LANGUAGES",
    "LESSON_KINDS",
    "LONG",
    "LONGEST_BODY",
    "PERIODIC",
    "PRODUCT",
    "PRODUCT_KINDS",
    "QUESTION_KINDS",
    "SORTS",
    "TRANSACTIONAL",
    "AddLesson",
    "AppliedProduct",
    "AssetView",
    "CardFilters",
    "CardPage",
    "Consulting",
    "Contents",
    "CreateProduct",
    "Grade",
    "ImportOptions",
    "ImportPlan",
    "ImportReport",
    "LessonDraft",
    "LessonLine",
    "LessonPage",
    "Live",
    "PlannedLesson",
    "PlannedProduct",
    "PreparedAsset",
    "Problem",
    "ProductCard",
    "ProductContent",
    "ProductDraft",
    "ProductPage",
    "PublishProduct",
    "Rendered",
    "RestoreProductVersion",
    "SaveLesson",
    "SaveProduct",
    "SaveTopic",
    "SavedLesson",
    "ScheduleProduct",
    "SearchHit",
    "SearchPage",
    "SectionLine",
    "TocEntry",
    "TooLarge",
    "TopicView",
    "Upload",
    "VersionLine",
    "add_lesson",
    "add_section",
    "apply_plan",
    "asset",
    "assets_in",
    "bundle_contents",
    "bundles_with",
    "cards",
    "contents",
    "contents_at",
    "create_product",
    "editions",
    "find_assets",
    "find_lessons",
    "find_products",
    "for_viewer",
    "grade",
    "index_product",
    "keep_asset",
    "lesson_draft",
    "lesson_page",
    "lesson_version_texts",
    "live_details",
    "move_lesson",
    "move_section",
    "open_source",
    "parse_questions",
    "place",
    "plan_import",
    "prepare_asset",
    "product_by_slug",
    "product_draft",
    "product_page",
    "public_questions",
    "publish_due",
    "publish_lesson",
    "publish_product",
    "question_of",
    "questions_of",
    "remove_lesson",
    "remove_section",
    "rename_section",
    "render",
    "render_inline",
    "render_with_assets",
    "reorder_products",
    "restore_lesson_version",
    "restore_product_version",
    "retire_product",
    "save_lesson",
    "save_product",
    "save_topic",
    "schedule_product",
    "search",
    "shift_lesson",
    "slug_of",
    "store_asset",
    "topics",
    "unschedule_product",
]
