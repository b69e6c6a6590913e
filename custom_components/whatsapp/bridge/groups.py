"""Commands about groups."""

from typing import Literal, cast

from .commands import WHATSAPP_TIMEOUT, Commands
from .protocol import (
    Chat,
    GroupCreateResult,
    GroupInviteResult,
    GroupJoinResult,
    GroupMembersResult,
    GroupResult,
    GroupsResult,
    MemberResult,
)


class GroupCommands(Commands):
    """A `member` is an id, any alias of it, or a phone number in digits with country code."""

    async def groups(self, account_id: str) -> list[Chat]:
        """Return the groups that the account is in."""
        result = await self._request("groups", answer_within=WHATSAPP_TIMEOUT, account_id=account_id)
        return cast("GroupsResult", result)["groups"]

    async def group(self, account_id: str, chat: str) -> GroupResult:
        """Return what a group is about and who is in it."""
        result = await self._request("group", answer_within=WHATSAPP_TIMEOUT, account_id=account_id, chat=chat)
        return cast("GroupResult", result)

    async def group_create(self, account_id: str, subject: str, members: list[str]) -> GroupCreateResult:
        """Make a group. The result says what became of each member."""
        result = await self._request(
            "group_create", answer_within=WHATSAPP_TIMEOUT, account_id=account_id, subject=subject, members=members
        )
        return cast("GroupCreateResult", result)

    async def group_members(
        self,
        account_id: str,
        chat: str,
        action: Literal["add", "remove", "promote", "demote"],
        members: list[str],
    ) -> list[MemberResult]:
        """Change members of a group, and return what became of each."""
        result = await self._request(
            "group_members",
            answer_within=WHATSAPP_TIMEOUT,
            account_id=account_id,
            chat=chat,
            action=action,
            members=members,
        )
        return cast("GroupMembersResult", result)["members"]

    async def group_update(
        self,
        account_id: str,
        chat: str,
        *,
        subject: str | None = None,
        description: str | None = None,
        announce: bool | None = None,
        locked: bool | None = None,
        expiration: int | None = None,
    ) -> None:
        """Change what is given: only admins write (`announce`) or change it (`locked`), `expiration` in seconds."""
        await self._request(
            "group_update",
            answer_within=WHATSAPP_TIMEOUT,
            account_id=account_id,
            chat=chat,
            subject=subject,
            description=description,
            announce=announce,
            locked=locked,
            expiration=expiration,
        )

    async def group_invite(self, account_id: str, chat: str, *, renew: bool = False) -> GroupInviteResult:
        """Return the code of the invitation; `renew` makes the one before it worthless."""
        result = await self._request(
            "group_invite", answer_within=WHATSAPP_TIMEOUT, account_id=account_id, chat=chat, renew=renew
        )
        return cast("GroupInviteResult", result)

    async def group_join(self, account_id: str, code: str) -> Chat:
        """Join by the code or the link of an invitation."""
        result = await self._request("group_join", answer_within=WHATSAPP_TIMEOUT, account_id=account_id, code=code)
        return cast("GroupJoinResult", result)["chat"]

    async def group_leave(self, account_id: str, chat: str) -> None:
        """Leave a group."""
        await self._request("group_leave", answer_within=WHATSAPP_TIMEOUT, account_id=account_id, chat=chat)
