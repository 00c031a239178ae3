"""Every session belongs to one tenant: its statements reach no other's rows, and its new rows are that tenant's."""

from functools import lru_cache
from typing import cast

from sqlalchemy import Insert, Update, event, inspect
from sqlalchemy.orm import LoaderCriteriaOption, ORMExecuteState, Session, UOWTransaction, with_loader_criteria

from bot.store.tables import Row

TENANT, ALL = "tenant", "*"
OWN = "rag_or_tune_own_rows"  # marks statements of which `Database.insert_rows` has set the tenant


class TenantIsolationError(Exception):
    """A statement that could reach another tenant's rows: always a bug."""


class TenantSession(Session):
    """Adds the session's tenant to every statement and every new row, and refuses what it cannot add it to."""


@event.listens_for(TenantSession, "do_orm_execute")
def _only_of_tenant(state: ORMExecuteState) -> None:
    tenant = state.session.info[TENANT]
    if not state.is_orm_statement or state.is_from_statement:
        raise TenantIsolationError("only statements on the mapped tables carry a tenant")
    if tenant == ALL:
        return
    if state.is_insert and state.execution_options.get(OWN):
        return
    if isinstance(state.parameters, list):
        raise TenantIsolationError("rows that are given beside a statement carry no tenant")
    if state.is_insert or state.is_update:
        state.statement = cast(Insert | Update, state.statement).values(tenant=tenant)
    if not state.is_insert:
        state.statement = state.statement.options(_rows_of(tenant))


@lru_cache(maxsize=1024)
def _rows_of(tenant: str) -> LoaderCriteriaOption:
    return with_loader_criteria(Row, lambda cls: cls.tenant == tenant, include_aliases=True)


@event.listens_for(TenantSession, "before_flush")
def _mark(session: Session, context: UOWTransaction, instances: object) -> None:
    del context, instances
    tenant = session.info[TENANT]
    for row in session.new:
        if tenant == ALL:
            raise TenantIsolationError("a new row needs a tenant")
        row.tenant = tenant
    for row in (*session.dirty, *session.deleted):
        if tenant != ALL and (row.tenant != tenant or inspect(row).attrs.tenant.history.has_changes()):
            raise TenantIsolationError("a row of another tenant")
