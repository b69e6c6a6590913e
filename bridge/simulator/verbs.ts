import Type, { type Static, type TProperties } from 'typebox'

import { checker } from './checker.ts'
import type { Device } from './device.ts'
import { DISCONNECT_REASONS } from './disconnects.ts'
import { NotFound } from './errors.ts'
import type { Fault } from './faults.ts'
import type { Group } from './groups.ts'
import type { ReceivedMessage } from './inbox.ts'
import type { Phone } from './phone.ts'
import type { SimulatedWhatsApp } from './server.ts'

/** A verb of the control API: checks its arguments and does it. `signal`: the caller hung up. */
export type Verb = (whatsapp: SimulatedWhatsApp, args: unknown, signal: AbortSignal) => Promise<object>

const text = Type.String({ minLength: 1, maxLength: 65_536 })
const short = Type.String({ minLength: 1, maxLength: 1024 })
const flag = Type.Boolean()
const index = Type.Integer({ minimum: 0 })
const addressing = Type.Enum(['lid', 'pn'])
const names = Type.Array(short, { maxItems: 100 })
const number = { number: short }
const message = { ...number, id: short }
const timeout = { timeout_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000 })) }
const member = { id: short, number: short }
const state = Type.Enum(['ready', 'disconnected', 'unlinked'])
const newPhone = {
  ...number,
  name: short,
  lid: Type.Optional(Type.Union([short, Type.Null()])),
  hides_number: Type.Optional(flag),
  sends_receipts: Type.Optional(flag),
}
const newPoll = { ...number, to: short, question: text, options: names, selectable: Type.Optional(index) }
const newVote = {
  ...number,
  poll: short,
  options: names,
  creator: Type.Optional(addressing),
  voter: Type.Optional(addressing),
}
const wanted = {
  ...number,
  after: Type.Optional(index),
  text: Type.Optional(text),
  kind: Type.Optional(short),
  ...timeout,
}
const newGroup = {
  subject: short,
  members: Type.Array(short, { minItems: 1, maxItems: 100 }),
  addressing: Type.Optional(addressing),
  id: Type.Optional(short),
}

/** All verbs by name. */
export const VERBS: Readonly<Record<string, Verb>> = {
  'phone.create': verb(newPhone, (whatsapp, { hides_number, sends_receipts, ...rest }) =>
    describePhone(
      whatsapp.phone({ ...rest, hidesNumber: hides_number ?? false, sendsReceipts: sends_receipts ?? true }),
    ),
  ),
  'phone.list': verb({}, (whatsapp) => ({ phones: whatsapp.phones.map(describePhone) })),
  'phone.scan': verb({ ...number, qr: short }, async (whatsapp, args) => {
    const device = await phoneOf(whatsapp, args).scan(args.qr)
    return { device: device.id }
  }),
  'phone.enter_code': verb({ ...number, code: short }, async (whatsapp, args) => {
    const device = await phoneOf(whatsapp, args).enterCode(args.code)
    return { device: device.id }
  }),
  'phone.say': verb({ ...number, to: short, text }, say),
  'phone.type': verb({ ...number, to: short, text }, say),
  'phone.poll': verb(newPoll, async (whatsapp, { selectable = 1, ...args }) => ({
    id: await phoneOf(whatsapp, args).poll(args.to, { question: args.question, options: args.options, selectable }),
  })),
  'phone.vote': verb(newVote, async (whatsapp, args) => ({
    id: await phoneOf(whatsapp, args).vote(args.poll, args.options, args),
  })),
  'phone.read': verb(message, (whatsapp, args) => {
    phoneOf(whatsapp, args).read(args.id)
    return {}
  }),
  'phone.ask_again': verb(message, (whatsapp, args) => {
    phoneOf(whatsapp, args).askAgain(args.id)
    return {}
  }),
  'phone.inbox': verb({ ...number, after: Type.Optional(index) }, (whatsapp, { after = 0, ...args }) => ({
    messages: phoneOf(whatsapp, args).inbox.slice(after).map(describeMessage),
  })),
  'phone.wait': verb(wanted, async (whatsapp, { after = 0, timeout_ms = 5000, ...args }, signal) => {
    const fits = (one: ReceivedMessage) =>
      one.index > after && one.kind === (args.kind ?? one.kind) && one.text === (args.text ?? one.text)
    return describeMessage(await phoneOf(whatsapp, args).waitFor(fits, timeout_ms, signal))
  }),
  'phone.receipts': verb(number, (whatsapp, args) => ({ receipts: phoneOf(whatsapp, args).receipts })),
  'phone.devices': verb(number, (whatsapp, args) => describeDevices(phoneOf(whatsapp, args))),
  'phone.wait_device': verb(
    { ...number, state, ...timeout },
    async (whatsapp, { timeout_ms = 5000, ...args }, signal) => {
      const phone = phoneOf(whatsapp, args)
      const look = () => isInState(phone.devices, args.state)
      await whatsapp.activity.until(look, `${args.state} device`, { timeoutMs: timeout_ms, signal })
      return describeDevices(phone)
    },
  ),
  'phone.unlink': verb({ ...number, device: Type.Optional(index) }, (whatsapp, args) => {
    const phone = phoneOf(whatsapp, args)
    return { devices: phone.unlink(deviceOf(phone, args.device)).map(({ id }) => id) }
  }),
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
  'fault.set': (whatsapp, args) => Promise.resolve({ id: whatsapp.faults.set(args as Fault) }),
  'fault.clear': verb({ id: Type.Optional(short) }, (whatsapp, { id }) => {
    whatsapp.faults.clear(id)
    return {}
  }),
  'server.disconnect': verb(
    { ...number, reason: Type.Enum(DISCONNECT_REASONS), device: Type.Optional(index) },
    (whatsapp, { reason, device, ...args }) => {
      const phone = phoneOf(whatsapp, args)
      return { devices: whatsapp.disconnect(phone, reason, deviceOf(phone, device)).map(({ id }) => id) }
    },
  ),
}

function verb<P extends TProperties>(
  properties: P,
  run: (whatsapp: SimulatedWhatsApp, args: Static<Type.TObject<P>>, signal: AbortSignal) => object | Promise<object>,
): Verb {
  const check = checker(Type.Object(properties, { additionalProperties: false }))
  return async (whatsapp, args, signal) => run(whatsapp, check(args), signal)
}

async function say(whatsapp: SimulatedWhatsApp, args: { number: string; to: string; text: string }): Promise<object> {
  return { id: await phoneOf(whatsapp, args).say(args.to, args.text) }
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

function phoneOf(whatsapp: SimulatedWhatsApp, args: { number: string }): Phone {
  const chat = args.number.includes('@') ? undefined : whatsapp.chat(args.number)
  if (!chat || !('number' in chat)) throw new NotFound(`There is no phone ${args.number}.`)
  return chat
}

function groupOf(whatsapp: SimulatedWhatsApp, id: string): Group {
  const group = whatsapp.groups.find((one) => one.id === id)
  if (!group) throw new NotFound(`There is no group ${id}.`)
  return group
}

function deviceOf(phone: Phone, id: number | undefined): Device | undefined {
  const device = id === undefined ? undefined : phone.device(id)
  if (id !== undefined && !device) throw new NotFound(`${phone.number} has no linked device ${id}.`)
  return device
}

function isInState(devices: readonly Device[], wantedState: Static<typeof state>): boolean {
  if (wantedState === 'unlinked') return devices.length === 0
  return devices.some((device) => (wantedState === 'ready' ? device.ready : !device.connected))
}

function describePhone(phone: Phone): object {
  const { name, lid, hidesNumber } = phone
  return { number: phone.number, name, lid, hides_number: hidesNumber, ...describeDevices(phone) }
}

function describeDevices({ devices }: Phone): object {
  return {
    devices: devices.map(({ id, connected, ready, unacknowledged }) => ({ id, connected, ready, unacknowledged })),
  }
}

function describeGroup({ id, subject, addressing: mode, members }: Group): object {
  return { id, subject, addressing: mode, members: members.map((one) => one.number) }
}

function describeMessage({ message: _, ...rest }: ReceivedMessage): object {
  return rest
}
