"""Bodies of what is said around a goal: comments, answers to requests for support."""

from __future__ import annotations

from pydantic import ConfigDict

from libs.web.fields import Id, Model
from libs.web.patch import ABSENT, Kept, Patch
from services.goals.api.bodies.fields import Said
from services.goals.domain.commands import AnswerSupport, Comment, SupportState


class SupportAnswerBody(Model):
    """What becomes of a request for support."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"state": "promised", "answer": "The vendor comes on Thursday."}]}
    )

    state: SupportState
    answer: Said

    def command(self, request_id: str) -> AnswerSupport:
        """The body as a command for one request."""
        return AnswerSupport(request_id=request_id, state=self.state, answer=self.answer)


class CommentBody(Model):
    """Something to say about a goal, or about one of its check-ins."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Well done, all of you."}]})

    text: Said
    check_in_id: Id | None = None

    def command(self, goal_id: str) -> Comment:
        """The body as a command for one goal."""
        return Comment(goal_id=goal_id, text=self.text, check_in_id=self.check_in_id)


class CommentPatch(Patch):
    """The same, said differently."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Well done, everybody."}]})

    text: Kept[Said] = ABSENT
