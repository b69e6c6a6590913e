/** What clients ask about groups and want done in them. */
import type { BinaryNode } from 'baileys'

import { Refused } from './errors.ts'
import type { Group } from './groups.ts'
import type { Handler } from './iq.ts'
import { bytesOf, child, children, node, requireAttr, requireChild } from './nodes.ts'
import type { Phone } from './phone.ts'
import type { SimulatedWhatsApp } from './server.ts'

const MEMBER_CHANGES = ['add', 'remove', 'promote', 'demote'] as const
type MemberChange = (typeof MEMBER_CHANGES)[number]

/** By type, namespace and first child. */
export const GROUP_REQUESTS: Record<string, Handler> = {
  'get w:g2/participating': (whatsapp, { phone }) => [
    node(
      'groups',
      {},
      whatsapp.groups.filter((group) => group.has(phone)).map((group) => group.node()),
    ),
  ],
  'get w:g2/query': (whatsapp, { phone }, iq) => {
    const group = groupOf(whatsapp, iq)
    if (!group.has(phone)) throw new Refused(403, 'forbidden')
    return [group.node()]
  },
  'set w:g2/create': (whatsapp, { phone }, iq) => create(whatsapp, phone, requireChild(iq, 'create')),
  'set w:g2/leave': (whatsapp, { phone }, iq) => {
    const { id } = requireChild(requireChild(iq, 'leave'), 'group').attrs
    find(whatsapp, id ?? '').leave(phone)
    return [node('leave', {}, [node('group', { id })])]
  },
  'set w:g2/subject': (whatsapp, { phone }, iq) => {
    groupOf(whatsapp, iq).rename(bytesOf(requireChild(iq, 'subject')).toString(), phone)
  },
  'set w:g2/description': (whatsapp, { phone }, iq) => {
    const body = child(child(iq, 'description'), 'body')
    groupOf(whatsapp, iq).describe(body ? bytesOf(body).toString() : '', phone)
  },
  'set w:g2/announcement': set('announce', true),
  'set w:g2/not_announcement': set('announce', false),
  'set w:g2/locked': set('locked', true),
  'set w:g2/unlocked': set('locked', false),
  'set w:g2/ephemeral': (whatsapp, { phone }, iq) => {
    groupOf(whatsapp, iq).expire(Number(requireAttr(requireChild(iq, 'ephemeral'), 'expiration')), phone)
  },
  'set w:g2/not_ephemeral': (whatsapp, { phone }, iq) => {
    groupOf(whatsapp, iq).expire(0, phone)
  },
  'get w:g2/invite': (whatsapp, { phone }, iq) => {
    const { code } = requireChild(iq, 'invite').attrs
    if (code !== undefined) return [invitedTo(whatsapp, code).node()]
    return [node('invite', { code: groupOf(whatsapp, iq).invite(false, phone) })]
  },
  'set w:g2/invite': (whatsapp, { phone }, iq) => {
    const { code } = requireChild(iq, 'invite').attrs
    if (code === undefined) return [node('invite', { code: groupOf(whatsapp, iq).invite(true, phone) })]
    const group = invitedTo(whatsapp, code)
    group.join(phone, code)
    return [node('group', { jid: group.id })]
  },
  ...Object.fromEntries(MEMBER_CHANGES.map((change) => [`set w:g2/${change}`, changeMembers(change)])),
}

function set(setting: 'announce' | 'locked', on: boolean): Handler {
  return (whatsapp, { phone }, iq) => {
    groupOf(whatsapp, iq).set(setting, on, phone)
  }
}

/** Those who cannot be in it from the start are named with the reason. */
function create(whatsapp: SimulatedWhatsApp, creator: Phone, request: BinaryNode): BinaryNode[] {
  const members = [creator]
  const refused = children(request, 'participant').flatMap(({ attrs: { jid } }) => {
    const error = attempt(whatsapp, jid ?? '', (phone) => members.push(phone))
    return error === undefined ? [] : [node('participant', { jid, error: String(error) })]
  })
  const described = whatsapp.group({ subject: requireAttr(request, 'subject'), members }).node()
  return [{ ...described, content: [...children(described), ...refused] }]
}

function changeMembers(change: MemberChange): Handler {
  return (whatsapp, { phone: actor }, iq) => {
    const group = groupOf(whatsapp, iq)
    if (!group.admins.includes(actor)) throw new Refused(403, 'forbidden')
    const outcomes = children(requireChild(iq, change), 'participant').map(({ attrs: { jid } }) => {
      const error = attempt(whatsapp, jid ?? '', (phone) => group[change](phone, actor))
      const phone = whatsapp.phoneAt(jid ?? '')
      const known = phone ? group.participant(phone) : node('participant', { jid })
      return error === undefined ? known : { ...known, attrs: { ...known.attrs, error: String(error) } }
    })
    return [node(change, {}, outcomes)]
  }
}

/** The code with which WhatsApp refuses, if it does. */
function attempt(whatsapp: SimulatedWhatsApp, jid: string, work: (phone: Phone) => unknown): number | undefined {
  const phone = whatsapp.phoneAt(jid)
  if (!phone) return 404
  const fault = whatsapp.faults.take('member_error', phone.number)
  if (fault) return fault.code
  try {
    work(phone)
    return undefined
  } catch (error) {
    if (error instanceof Refused) return error.code
    throw error
  }
}

function groupOf(whatsapp: SimulatedWhatsApp, iq: BinaryNode): Group {
  return find(whatsapp, requireAttr(iq, 'to'))
}

function find(whatsapp: SimulatedWhatsApp, jid: string): Group {
  const group = whatsapp.groups.find(({ id }) => id === jid)
  if (!group) throw new Refused(404, 'item-not-found')
  return group
}

function invitedTo(whatsapp: SimulatedWhatsApp, code: string): Group {
  const group = whatsapp.groups.find((one) => one.code === code)
  if (!group) throw new Refused(406, 'not-acceptable')
  return group
}
