"""The lesson editor: write, look, save, publish; nothing that was typed is lost when something is wrong with it."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from babel.dates import format_time
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, RedirectResponse, Response

from xingtan.core.errors import Conflict, Invalid, Refused, Sentence, say
from xingtan.core.ids import public_id
from xingtan.core.viewer import Permission
from xingtan.domains.catalog import api as catalog
from xingtan.web.catalog import quiz_form
from xingtan.web.catalog.forms import Errors, Typed, errors_of, ids, room, text, upload, whole, zone_of
from xingtan.web.catalog.pages import LessonEditorPage, LessonForm, Medium
from xingtan.web.catalog.products import Clash
from xingtan.web.catalog.uploads import keep_as, markdown_of, original_path, rendered
from xingtan.web.edge import Edge, EdgeDep
from xingtan.web.errors import status_of
from xingtan.web.render import render
from xingtan.web.translations import in_words

router = room()

_MEANWHILE = say(
    "Somebody else saved version %(number)s while you were writing. Your words are still here. Save once more to put"
    " them on top; the other version stays among the versions."
)
_SAID = frozenset({"saved", "published", "restored", "made"})


@dataclass(frozen=True, slots=True)
class _Saved:
    """A lesson after saving: the newest draft, and whether a version was written."""

    draft: catalog.LessonDraft
    is_new: bool


@router.get("/products/{slug}/lessons/{lesson}")
def edit(here: EdgeDep, slug: str, lesson: str, said: str = "") -> Response:
    """Open the editor."""
    here.require(Permission.CATALOG_READ)
    draft = _draft(here, slug, lesson)
    return _show(here, draft, form_of(draft), said=said if said in _SAID else "")


@router.post("/products/{slug}/lessons/{lesson}")
def change(here: EdgeDep, slug: str, lesson: str, typed: Typed) -> Response:
    """Do what the pressed button says with what was typed: save, publish, preview, upload, or move rows of the quiz."""
    here.require(Permission.CATALOG_WRITE)
    draft, act = _draft(here, slug, lesson), text(typed, "act") or "save"
    form = _typed_form(draft, typed)
    try:
        form = _with_files(here, draft, form, typed)
        if quiz_form.is_row_act(act):
            rows = quiz_form.changed(tuple(form.questions), act)
            return _show(here, draft, replace(form, questions=rows), focus=act)
        if act in {"preview", "upload"}:
            return _show(here, draft, form, focus=act)
        form = replace(form, questions=quiz_form.compact(form.questions))
        saved = here.write(lambda session: _save(here, session, draft, form))
        if act == "publish":
            here.write(
                lambda session: catalog.publish_lesson(session, draft.id, viewer=here.viewer, clock=here.platform.clock)
            )
    except (Invalid, Conflict, catalog.TooLarge) as error:
        return _refuse(here, draft, form, error)
    if _wants_json(here):
        return _saved_json(here, saved)
    said = "published" if act == "publish" else "saved"
    return RedirectResponse(here.url(f"/studio/products/{slug}/lessons/{lesson}?said={said}"), status_code=303)


def _draft(here: Edge, slug: str, lesson: str) -> catalog.LessonDraft:
    return here.read(lambda session: catalog.lesson_draft(session, here.viewer, product_slug=slug, lesson_slug=lesson))


def form_of(draft: catalog.LessonDraft) -> LessonForm:
    """Return the form of the newest saved version."""
    return LessonForm(
        title=draft.title,
        body_md=draft.body_md,
        kind=draft.kind,
        minutes="" if draft.minutes == _counted(draft) else str(draft.minutes),
        is_preview=draft.is_preview,
        released_after_days=str(draft.released_after_days),
        media=public_id("asset", draft.media.id) if draft.media else "",
        questions=quiz_form.from_questions(draft.questions),
        version=str(draft.number),
    )


def _counted(draft: catalog.LessonDraft) -> int:
    """Return how many minutes the lesson takes by what stands in it, when nobody says otherwise."""
    plain = catalog.render(draft.body_md, language=draft.product.language).text
    return catalog.reading_minutes(plain) + len(draft.questions)


def _typed_form(draft: catalog.LessonDraft, typed: FormData) -> LessonForm:
    return LessonForm(
        title=text(typed, "title"),
        body_md=text(typed, "body_md").replace("\r\n", "\n"),
        kind=text(typed, "kind") or draft.kind,
        minutes=text(typed, "minutes"),
        is_preview=bool(text(typed, "is_preview")),
        released_after_days=text(typed, "released_after_days"),
        media="" if text(typed, "no_media") else text(typed, "media_id"),
        questions=quiz_form.from_form(typed),
        version=text(typed, "version"),
    )


def _with_files(here: Edge, draft: catalog.LessonDraft, form: LessonForm, typed: FormData) -> LessonForm:
    """Return the form with its chosen files stored: the lesson's own one, and a picture for the end of the text."""
    media, picture = upload(typed, "media"), upload(typed, "picture")
    if media is not None:
        kept = keep_as(here, media, "media", product_id=draft.product.id)
        form = replace(form, media=public_id("asset", kept.id))
    if picture is not None:
        kept = keep_as(here, picture, "picture", product_id=draft.product.id)
        form = replace(form, body_md=f"{form.body_md.rstrip()}\n\n{markdown_of(kept)}\n".lstrip())
    return form


def _save(here: Edge, session: Session, draft: catalog.LessonDraft, form: LessonForm) -> _Saved:
    """Save the lesson; `Clash` when a version came between the one on the screen and this one."""
    command = _command(draft, form)
    saved = catalog.save_lesson(session, command, viewer=here.viewer, clock=here.platform.clock)
    newest = catalog.lesson_draft(session, here.viewer, product_slug=draft.product.slug, lesson_slug=draft.slug)
    seen = int(form.version) if form.version.isdecimal() and len(form.version) < 9 else 0  # noqa: PLR2004 - none so high
    if seen and saved.has_new_version and newest.number > seen + 1:
        raise Clash(Sentence(_MEANWHILE.msgid, {"number": newest.number - 1}))
    return _Saved(newest, saved.has_new_version)


def _command(draft: catalog.LessonDraft, form: LessonForm) -> catalog.SaveLesson:
    faults: dict[str, Sentence] = {}
    minutes = whole(form.minutes, "minutes", faults)
    days = whole(form.released_after_days, "released_after_days", faults)
    if faults:
        raise Invalid(faults)
    return catalog.SaveLesson(
        draft.id,
        form.title,
        body_md=form.body_md,
        questions=quiz_form.to_questions(form.questions, language=draft.product.language),
        media_asset_id=media_id(form),
        minutes=minutes if form.minutes.strip() else None,
        kind=form.kind,
        is_preview=form.is_preview,
        released_after_days=days,
    )


def media_id(form: LessonForm) -> UUID | None:
    """Return the id of the lesson's own file, or None."""
    return next(iter(ids("asset", (form.media,))), None)


def _refuse(here: Edge, draft: catalog.LessonDraft, form: LessonForm, error: Refused) -> Response:
    errors, clash = errors_of(here, error), None
    if isinstance(error, Clash):
        clash = _draft(here, draft.product.slug, draft.slug).number
        form = replace(form, version=str(clash))
    if _wants_json(here):
        body = {
            "title": in_words(error.sentence, here.language),
            "errors": errors,
            "code": error.code,
            "version": clash,
        }
        return JSONResponse(body, status_code=status_of(error), headers={"Cache-Control": "no-store"})
    return _show(here, draft, form, errors=errors, clash=clash, status=status_of(error))


def _saved_json(here: Edge, saved: _Saved) -> Response:
    draft = saved.draft
    body = {
        "version": draft.number,
        "at": _hour(here, draft.versions[0].saved_at),
        "is_new": saved.is_new,
        "minutes": draft.minutes,
        "has_unpublished_changes": draft.has_unpublished_changes,
        "is_published": draft.is_published,
    }
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


def _hour(here: Edge, at: datetime) -> str:
    return format_time(at.astimezone(zone_of(here)), "HH:mm", locale="en")


def _wants_json(here: Edge) -> bool:
    return "application/json" in here.request.headers.get("accept", "")


def _show(
    here: Edge,
    draft: catalog.LessonDraft,
    form: LessonForm,
    *,
    errors: Errors | None = None,
    clash: int | None = None,
    status: int = 200,
    said: str = "",
    focus: str = "",
) -> Response:
    with here.platform.database.reading() as session:
        preview = _preview(here, session, draft, form)
        medium = _medium(here, session, form)
        lines = catalog.contents(session, here.viewer, draft.product.id).lessons
    place = next((number for number, line in enumerate(lines) if line.id == draft.id), 0)
    page = LessonEditorPage(
        draft=draft,
        form=form,
        medium=medium,
        preview=preview,
        kinds=catalog.LESSON_KINDS,
        question_kinds=catalog.QUESTION_KINDS,
        saved_at=draft.versions[0].saved_at,
        upload_limit_mb=here.platform.settings.upload_limit_mb,
        may_write=here.viewer.may(Permission.CATALOG_WRITE),
        previous=lines[place - 1] if place else None,
        next=lines[place + 1] if place + 1 < len(lines) else None,
        said=said,
        clash=clash,
        focus=focus,
        errors=errors or {},
    )
    return render(here, page, status=status)


def _preview(here: Edge, session: Session, draft: catalog.LessonDraft, form: LessonForm) -> str:
    try:
        return rendered(here, session, form.body_md, product=draft.product)
    except Invalid:
        return ""


def _medium(here: Edge, session: Session, form: LessonForm) -> Medium | None:
    asset_id = media_id(form)
    found = catalog.find_assets(session, [asset_id]).get(asset_id) if asset_id else None
    return Medium(found.name, found.size, found.media_type, here.url(original_path(found.id))) if found else None
