import Type from 'typebox'

import type { Group } from '../groups.ts'
import type { Phone } from '../phone.ts'
import type { SimulatedWhatsApp } from '../server.ts'
import { addressing, flag, groupOf, index, phoneOf, short, type Verb, verb, type Verbs } from './verb.ts'

const newGroup = {
  subject: short,
  members: Type.Array(short, { minItems: 1, maxItems: 100 }),
  addressing: Type.Optional(addressing),
  id: Type.Optional(short),
}
/** Who does it; an admin unless told. */
const by = { by: Type.Optional(short) }
const member = { id: short, number: short, ...by }
const text = Type.String({ maxLength: 65_536 })

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
  'group.add': change(member, (group, args, actor) => group.add(args.phone, actor)),
  'group.remove': change(member, (group, args, actor) => group.remove(args.phone, actor)),
  'group.promote': change(member, (group, args, actor) => group.promote(args.phone, actor)),
  'group.demote': change(member, (group, args, actor) => group.demote(args.phone, actor)),
  'group.leave': change({ id: short, number: short }, (group, { phone }) => group.leave(phone)),
  'group.join': change({ id: short, number: short, code: Type.Optional(short) }, (group, { phone, code }) =>
    group.join(phone, code),
  ),
  'group.rename': change({ id: short, subject: short, ...by }, (group, { subject }, actor) =>
    group.rename(subject, actor),
  ),
  'group.describe': change({ id: short, text, ...by }, (group, args, actor) => group.describe(args.text, actor)),
  'group.set': change(
    { id: short, setting: Type.Enum(['announce', 'locked']), on: flag, ...by },
    (group, args, actor) => group.set(args.setting, args.on, actor),
  ),
  'group.expire': change({ id: short, seconds: index, ...by }, (group, { seconds }, actor) =>
    group.expire(seconds, actor),
  ),
  'group.invite': verb({ id: short, renew: Type.Optional(flag), ...by }, (whatsapp, { id, renew, by: number }) => ({
    code: groupOf(whatsapp, id).invite(renew, actorOf(whatsapp, number)),
  })),
}

type Properties = Parameters<typeof verb>[0]
type Args<P extends Properties> = Parameters<Parameters<typeof verb<P>>[1]>[1]

function change<P extends Properties>(
  properties: P,
  run: (group: Group, args: Args<P> & { phone: Phone }, actor: Phone | undefined) => void,
): Verb {
  return verb(properties, (whatsapp, args) => {
    const { id, number, by: actor } = args as { id: string; number?: string; by?: string }
    const group = groupOf(whatsapp, id)
    const phone = number === undefined ? undefined : phoneOf(whatsapp, { number })
    run(group, { ...args, phone } as Args<P> & { phone: Phone }, actorOf(whatsapp, actor))
    return describeGroup(group)
  })
}

function actorOf(whatsapp: SimulatedWhatsApp, number: string | undefined): Phone | undefined {
  return number === undefined ? undefined : phoneOf(whatsapp, { number })
}

function describeGroup(group: Group): object {
  const { id, subject, description, addressing: mode, members, admins, settings, expiration } = group
  const people = { members: numbers(members), admins: numbers(admins) }
  return { id, subject, description, addressing: mode, ...people, ...settings, expiration }
}

function numbers(phones: readonly Phone[]): string[] {
  return phones.map(({ number }) => number)
}
