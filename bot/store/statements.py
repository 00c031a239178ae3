"""The statements that every turn needs, built once: to build one takes longer than to execute it."""

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, null, or_, select, update
from sqlalchemy.orm import aliased

from bot.store.records import UNFINISHED, DeliveryState, TurnState
from bot.store.tables import DeliveryRow, TurnRow

QUIETLY = {"synchronize_session": False}  # rows that a session has read are not looked at again

UNSENT = DeliveryRow.state == DeliveryState.PENDING
UNANSWERED = TurnRow.state.in_(UNFINISHED)

BUSY = select(TurnRow.conversation_id).where(
    TurnRow.conversation_id.in_(bindparam("conversations", expanding=True)), UNANSWERED
)  # of conversations, those in which something is unfinished

EARLIER = (
    select(TurnRow.text)
    .where(TurnRow.conversation_id == bindparam("conversation"), TurnRow.id < bindparam("turn"))
    .where(TurnRow.reply.is_not(None))
    .order_by(TurnRow.id.desc())
    .limit(bindparam("most"))
)  # the answered messages before a turn in its conversation, the newest first

SAID_BEFORE = (
    select(TurnRow)
    .where(TurnRow.name == bindparam("message"), TurnRow.id < bindparam("turn"))
    .order_by(TurnRow.id.desc())
    .limit(1)
)  # the turn of a message as it was before an edit


def _with_usage() -> Select[TurnRow, int, int]:
    """Select a turn, and how many questions its user and their tenant asked before it, up to a most."""
    own, before = aliased(TurnRow), aliased(TurnRow)
    counted = or_(before.reply.is_not(None), before.state.in_(UNFINISHED))
    asked = select(before.id).where(before.accepted_at > bindparam("since"), before.id < bindparam("turn"), counted)
    asker = select(own.user).where(own.id == bindparam("turn")).scalar_subquery()
    by_user = _count(asked.where(before.user == asker), "most_by_user")
    return select(TurnRow, by_user, _count(asked, "most_by_tenant")).where(TurnRow.id == bindparam("turn"))


def _count(rows: Select[int], most: str) -> ColumnElement[int]:
    return select(func.count()).select_from(rows.limit(bindparam(most)).subquery()).scalar_subquery()


WITH_USAGE = _with_usage()

ANSWERED = (
    update(TurnRow)
    .where(TurnRow.id == bindparam("turn"), TurnRow.state == TurnState.ACCEPTED)
    .where(TurnRow.text == bindparam("said"))
    .values(state=TurnState.ANSWERED, taken_by=null())
    .values(reply=bindparam("replied"), error=bindparam("problem"), reference=bindparam("found_by"))
    .returning(TurnRow.id)
    .execution_options(**QUIETLY)
)

_problem = func.coalesce(TurnRow.error, bindparam("problem"))
_has_unsent = select(DeliveryRow.id).where(and_(DeliveryRow.turn_id == bindparam("turn"), UNSENT)).exists()

FINISH = (
    update(TurnRow)
    .where(TurnRow.id == bindparam("turn"), UNANSWERED, ~_has_unsent)
    .values(
        error=_problem,
        state=case((_problem.is_not(None), TurnState.FAILED), else_=TurnState.DONE),
        token=case((_problem.is_not(None), TurnRow.token), else_=null()),
        finished_at=bindparam("moment"),
        taken_by=null(),
    )
    .returning(TurnRow.conversation_id)
    .execution_options(**QUIETLY)
)

_head = select(func.min(TurnRow.id)).where(TurnRow.conversation_id == bindparam("conversation"), UNANSWERED)

TAKE_NEXT = (
    update(TurnRow)
    .where(TurnRow.id == _head.scalar_subquery(), TurnRow.state == TurnState.ACCEPTED, TurnRow.taken_by.is_(None))
    .values(taken_by=bindparam("taker"))
    .returning(TurnRow.id)
    .execution_options(**QUIETLY)
)  # the first unfinished turn of a conversation

SENT = (
    update(DeliveryRow)
    .where(DeliveryRow.id == bindparam("post"), UNSENT)
    .values(state=DeliveryState.SENT, sent_as=bindparam("named"), token=null(), error=null(), taken_by=null())
    .returning(DeliveryRow.id)
    .execution_options(**QUIETLY)
)

FAILED = (
    update(DeliveryRow)
    .where(DeliveryRow.id == bindparam("post"), UNSENT)
    .values(state=DeliveryState.FAILED, error=bindparam("problem"), taken_by=null())
    .returning(DeliveryRow.id)
    .execution_options(**QUIETLY)
)

FAIL_REST = (
    update(DeliveryRow)
    .where(DeliveryRow.turn_id == bindparam("turn"), UNSENT)
    .values(state=DeliveryState.FAILED, taken_by=null())
    .execution_options(**QUIETLY)
)  # what stands behind a post that failed
