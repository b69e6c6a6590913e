import Type from 'typebox'

import type { Group } from '../groups.ts'
import type { SimulatedWhatsApp } from '../server.ts'
import { addressing, groupOf, phoneOf, short, verb, type Verbs } from './verb.ts'

const member = { id: short, number: short }
const newGroup = {
  subject: short,
  members: Type.Array(short, { minItems: 1, maxItems: 100 }),
  addressing: Type.Optional(addressing),
  id: Type.Optional(short),
}

/** Groups and who is in them. */
export const GROUPS: Verbs = {
  'group.create': verb(newGroup, (whatsapp, { subject, members, addressing: mode, id }) =>
    describeGroup(
      whatsapp.group({
        subject,
        members: members.map((one) => phoneOf(whatsapp, { number: one })),
        ...(mode && { addressing: mode }),
        ...(id !== undefined && { id }),
      }),
    ),
  ),
  'group.list': verb({}, (whatsapp) => ({ groups: whatsapp.groups.map(describeGroup) })),
  'group.add': verb(member, (whatsapp, args) => changeGroup(whatsapp, args, 'add')),
  'group.remove': verb(member, (whatsapp, args) => changeGroup(whatsapp, args, 'remove')),
  'group.leave': verb(member, (whatsapp, args) => changeGroup(whatsapp, args, 'leave')),
  'group.rename': verb({ id: short, subject: short }, (whatsapp, { id, subject }) => {
    const group = groupOf(whatsapp, id)
    group.rename(subject)
    return describeGroup(group)
  }),
}

function changeGroup(
  whatsapp: SimulatedWhatsApp,
  args: { id: string; number: string },
  change: 'add' | 'remove' | 'leave',
): object {
  const group = groupOf(whatsapp, args.id)
  group[change](phoneOf(whatsapp, args))
  return describeGroup(group)
}

function describeGroup({ id, subject, addressing: mode, members }: Group): object {
  return { id, subject, addressing: mode, members: members.map((one) => one.number) }
}
