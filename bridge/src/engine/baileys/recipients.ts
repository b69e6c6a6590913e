import { type Address, EngineError, type EngineHost } from '../engine.ts'
import type { Connection } from './connection.ts'
import { noAnswer } from './errors.ts'
import type { Groups } from './groups.ts'
import { allAliases } from './jids.ts'
import {
  isPnUser,
  jidDecode,
  jidNormalizedUser,
  parseAndInjectE2ESessions,
  S_WHATSAPP_NET,
  USyncQuery,
  USyncUser,
  type WASocket,
} from './library.ts'

type Device = Awaited<ReturnType<WASocket['getUSyncDevices']>>[number]

/**
 * The JID to send to, with a Signal session for each of its devices.
 *
 * Baileys would send to nobody when the server does not list the devices in time, and cannot reach people without a LID.
 * @throws EngineError
 */
export async function readyRecipient(
  connection: Connection,
  to: Address,
  host: Pick<EngineHost, 'aliases'>,
  groups: Groups,
): Promise<string> {
  const { socket } = connection
  const aliases = allAliases(to.aliases, host)
  const jidOf = (wanted: string) => aliases.find(({ kind }) => kind === wanted)?.value
  const group = jidOf('group')
  if (group) {
    await readyGroup(connection, group, groups)
    return group
  }
  const phone = jidOf('phone')
  const jid = jidOf('lid') ?? phone
  if (!jid) throw new EngineError('chat_not_found', 'This chat has no address on WhatsApp', 'never')
  const devices = await devicesOf(socket, jid)
  // The list of the devices of a number brings its LID.
  const lid = jid === phone ? await socket.signalRepository.lidMapping.getLIDForPN(phone) : null
  if (lid) {
    await devicesOf(socket, jidNormalizedUser(lid))
    return jidNormalizedUser(lid)
  }
  await startSessions(socket, devices)
  return jid
}

async function readyGroup(connection: Connection, jid: string, groups: Groups): Promise<void> {
  const { participants } = await groups.fetch(connection, jid)
  const jids = participants.map(({ id }) => id)
  const devices = await connection.socket.getUSyncDevices(jids, true, false)
  const own = connection.socket.authState.creds.me
  const others = devices.filter(({ user }) => ![own?.id, own?.lid].some((mine) => jidDecode(mine)?.user === user))
  if (others.length === 0 && participants.length > 1) throw noAnswer()
  await startSessions(connection.socket, others)
}

/** All devices of one person; Baileys says the same, nothing, whether there are none or nobody answered. */
async function devicesOf(socket: WASocket, jid: string): Promise<Device[]> {
  const user = jidDecode(jid)?.user
  const devices = (await socket.getUSyncDevices([jid], true, false)).filter((device) => device.user === user)
  if (devices.length > 0) return devices
  const question = new USyncQuery().withContext('message').withDeviceProtocol().withUser(new USyncUser().withId(jid))
  const answer = await socket.executeUSyncQuery(question)
  const listed = (answer?.list[0]?.['devices'] as { deviceList?: unknown[] } | undefined)?.deviceList
  if (!answer || listed?.length) throw noAnswer()
  throw new EngineError('not_on_whatsapp', 'This person is no longer on WhatsApp', 'never')
}

/** Baileys asks for the keys of LIDs only. */
async function startSessions(socket: WASocket, devices: readonly Device[]): Promise<void> {
  const { signalRepository } = socket
  const missing: string[] = []
  for (const { jid } of devices) {
    if (!isPnUser(jid) || (await signalRepository.lidMapping.getLIDForPN(jid))) continue
    if (!(await signalRepository.validateSession(jid)).exists) missing.push(jid)
  }
  if (missing.length === 0) return
  const users = missing.map((jid) => ({ tag: 'user', attrs: { jid } }))
  const content = [{ tag: 'key', attrs: {}, content: users }]
  const attrs = { xmlns: 'encrypt', type: 'get', to: S_WHATSAPP_NET }
  const answer: unknown = await socket.query({ tag: 'iq', attrs, content })
  if (!answer) throw noAnswer()
  await parseAndInjectE2ESessions(answer as Parameters<typeof parseAndInjectE2ESessions>[0], signalRepository)
}
