"""The reader's place, told by her browser while she reads and as she leaves."""

from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.responses import Response

from xingtan.core.ids import private_id
from xingtan.domains.learning import api as learning
from xingtan.web.edge import EdgeDep
from xingtan.web.wing import Wing

router = Wing()


class Report(BaseModel):
    """Where a reader is. `at` is her own clock; `position` has seconds, or block, within, anchor and scroll."""

    model_config = ConfigDict(extra="forbid")

    lesson: str = Field(max_length=40)
    version: str = Field(max_length=40)
    position: dict[str, Any] = Field(max_length=8)
    fraction: float = Field(ge=0, le=1, allow_inf_nan=False)
    at: AwareDatetime


@router.post("/learn/progress")
def take_report(here: EdgeDep, told: Report) -> Response:
    """Keep the reader's place. 204; the browser need not wait for it."""
    here.require_person()
    command = learning.SaveProgress(
        viewer=here.viewer,
        lesson_id=private_id("lesson", told.lesson),
        version_id=private_id("version", told.version),
        position=told.position,
        fraction=told.fraction,
        at=told.at,
    )
    here.write(lambda session: learning.save_progress(session, command, clock=here.platform.clock))
    return Response(status_code=204)
