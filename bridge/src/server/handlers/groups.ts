import { Groups } from '../../account/groups.ts'
import type { Client, Handlers } from './handler.ts'

/** What members and admins of groups can do. */
export const groupHandlers: Handlers<
  'group' | 'group_create' | 'group_members' | 'group_update' | 'group_invite' | 'group_join' | 'group_leave'
> = {
  group: async (client, args) => groups(client, args).info(args),
  group_create: async (client, args) => groups(client, args).create(args),
  group_members: async (client, args) => groups(client, args).members(args),
  group_update: async (client, args) => {
    await groups(client, args).update(args)
    return {}
  },
  group_invite: async (client, args) => groups(client, args).invite(args),
  group_join: async (client, args) => groups(client, args).join(args),
  group_leave: async (client, args) => {
    await groups(client, args).leave(args)
    return {}
  },
}

function groups({ accounts }: Client, { account_id }: { account_id: string }): Groups {
  const account = accounts.get(account_id)
  return new Groups(account.records, account, account.directory)
}
