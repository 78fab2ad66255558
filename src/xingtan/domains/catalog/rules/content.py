"""What a product version holds, as plain data and back, and the fingerprint of content."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from xingtan.domains.catalog.views import Consulting, Live, ProductContent


def content_to_json(content: ProductContent) -> dict[str, Any]:
    """Return `content` as plain data for a JSON column."""
    live, consulting = content.live, content.consulting
    return {
        "title": content.title,
        "subtitle": content.subtitle,
        "summary": content.summary,
        "description_md": content.description_md,
        "description_html": content.description_html,
        "audience": list(content.audience),
        "outcomes": list(content.outcomes),
        "author": content.author,
        "difficulty": content.difficulty,
        "cover_asset_id": str(content.cover_asset_id) if content.cover_asset_id else None,
        "live": live
        and {
            "starts_at": live.starts_at.isoformat(),
            "minutes": live.minutes,
            "link": live.link,
            "replay_lesson": live.replay_lesson,
        },
        "consulting": consulting and {"minutes": consulting.minutes, "how": consulting.how},
    }


def content_from_json(data: Mapping[str, Any]) -> ProductContent:
    """Return the content that `content_to_json` wrote."""
    live, consulting, cover = data["live"], data["consulting"], data["cover_asset_id"]
    return ProductContent(
        title=data["title"],
        subtitle=data["subtitle"],
        summary=data["summary"],
        description_md=data["description_md"],
        description_html=data["description_html"],
        audience=tuple(data["audience"]),
        outcomes=tuple(data["outcomes"]),
        author=data["author"],
        difficulty=data["difficulty"],
        cover_asset_id=UUID(cover) if cover else None,
        live=Live(**{**live, "starts_at": datetime.fromisoformat(live["starts_at"])}) if live else None,
        consulting=Consulting(**consulting) if consulting else None,
    )


def without_secrets(content: ProductContent) -> ProductContent:
    """Return the content as anyone may see it: a lecture's link is for those who have bought it."""
    return replace(content, live=replace(content.live, link="")) if content.live else content


def fingerprint(data: object) -> str:
    """Return the SHA-256, in hex, of `data` as canonical JSON (sorted keys, no spaces, UTF-8)."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
