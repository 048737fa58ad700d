"""People the hub knows: made, found, and let in the first time."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from gate.hub.roles import Role
from gate.hub.sign_in import make_link
from gate.hub.store import Store
from gate.hub.tables import User
from gate.hub.tokens import now_ms

_FIRST_LINK_MS = 24 * 3_600_000


async def add_person(session: AsyncSession, name: str, role: Role, sites: list[str] | None = None) -> User:
    """A person without a password: they come in by a link and set one."""
    user = User(
        name=name, shown_name="", role=role.value, sites=sites, failures=0, locked_until_ms=0, created_ms=now_ms()
    )
    session.add(user)
    await session.flush()
    return user


async def needs_first_administrator(store: Store) -> bool:
    """Whether nobody can administer this hub yet: no administrator has a password."""
    async with store.read() as session:
        query = select(User.id).where(User.role == Role.ADMINISTRATOR, User.password.is_not(None))
        return (await session.execute(query.limit(1))).first() is None


async def administrator_link(store: Store, public_url: str, name: str = "admin", uses: int = 1) -> str:
    """An address that opens the pages signed in as an administrator, who is made when missing.

    The token stands behind '#', so that it reaches no server log.
    """
    async with store.write() as session:
        user = (await session.execute(select(User).where(User.name == name))).scalar_one_or_none()
        if user is None:
            user = await add_person(session, name, Role.ADMINISTRATOR)
        token = await make_link(session, user.id, now_ms() + _FIRST_LINK_MS, uses)
    return f"{public_url}/#enter={token}"
