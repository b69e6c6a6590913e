import Type, { type Static } from 'typebox'

import type { Device } from '../device.ts'
import type { Phone } from '../phone.ts'
import { deviceOf, flag, index, number, phoneOf, short, timeout, verb, type Verbs } from './verb.ts'

const state = Type.Enum(['ready', 'disconnected', 'unlinked'])
const newPhone = {
  ...number,
  name: short,
  lid: Type.Optional(Type.Union([short, Type.Null()])),
  hides_number: Type.Optional(flag),
  sends_receipts: Type.Optional(flag),
}

/** Phones and the devices linked to them. */
export const PHONES: Verbs = {
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
}

function isInState(devices: readonly Device[], wanted: Static<typeof state>): boolean {
  if (wanted === 'unlinked') return devices.length === 0
  return devices.some((device) => (wanted === 'ready' ? device.ready : !device.connected))
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
