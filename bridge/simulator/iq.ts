import { type BinaryNode, encodeBigEndian } from 'baileys'

import { handOutKeys, lookUp } from './directory.ts'
import { ProtocolError, Refused } from './errors.ts'
import { GROUP_REQUESTS } from './group-admin.ts'
import { readBundle, readSignedKey } from './keys.ts'
import { beginCode, finishCode } from './link-code.ts'
import { child, childBytes, children, node, requireChild, SERVER } from './nodes.ts'
import type { Registration } from './pairing.ts'
import { answerPicture } from './pictures.ts'
import { answerMex } from './restrictions.ts'
import type { Source } from './routing.ts'
import type { SimulatedWhatsApp } from './server.ts'

/** What a client that wants a code must call itself: WhatsApp knows no others, although it links them by QR code. */
const ORDINARY_CLIENT = /^(?:Chrome|Edge|Firefox|Opera|Safari) \((?:Linux|Mac OS|Ubuntu|Windows)\)$/

export type Answer = BinaryNode[] | void
export type Handler = (whatsapp: SimulatedWhatsApp, source: Source, iq: BinaryNode) => Answer | Promise<Answer>

const PRIVACY = {
  readreceipts: 'all',
  last: 'all',
  online: 'all',
  profile: 'all',
  status: 'contacts',
  groupadd: 'all',
  calladd: 'all',
}

/** By type, namespace and first child; without a child where they are all the same. */
const HANDLERS: Record<string, Handler> = {
  'get encrypt/count': (_, { device }) => [node('count', { value: String(device.keyCount) })],
  'get encrypt/key': (whatsapp, _, iq) => handOutKeys(whatsapp, iq),
  'get encrypt/digest': (_, { device }) => {
    if (device.registrationId === undefined) throw new Refused(404, 'item-not-found')
    return [node('digest', {}, [node('registration', {}, encodeBigEndian(device.registrationId))])]
  },
  'set encrypt/rotate': (_, { device }, iq) => {
    device.rotate(readSignedKey(requireChild(iq, 'rotate')))
  },
  'set encrypt': (whatsapp, source, iq) => whatsapp.takeKeys(source, readBundle(iq)),
  'set passive/active': (_, { device }) => {
    device.activate()
  },
  'set passive': () => undefined,
  'get w:p': (_, { device }) => {
    device.pings++
  },
  'get abt': () => [node('props', { hash: 'sim', refresh: '86400', refresh_id: '1', protocol: '1' }, [])],
  'get blocklist': () => [node('list', { matched: 'false', dhash: '1' }, [])],
  'get privacy': () => [
    node(
      'privacy',
      {},
      Object.entries(PRIVACY).map(([name, value]) => node('category', { name, value })),
    ),
  ],
  'set privacy': () => undefined,
  'get usync': (whatsapp, _, iq) => lookUp(whatsapp, iq),
  ...GROUP_REQUESTS,
  'set w:sync:app:state': (_, __, iq) => [
    node(
      'sync',
      {},
      children(requireChild(iq, 'sync'), 'collection').map(({ attrs: { name, version } }) =>
        node('collection', { name, version, has_more_patches: 'false' }),
      ),
    ),
  ],
  'get w:profile:picture': answerPicture,
  'get w:mex': answerMex,
  'set w:m/media_conn': (whatsapp) => [whatsapp.media.connection()],
  'set status': () => undefined,
  'set urn:xmpp:whatsapp:dirty': () => undefined,
  'set md/remove-companion-device': (_, { phone, device }) => {
    phone.forget(device)
  },
}

/** Answers a linked client's request; one the simulator does not know is refused, not left open. */
export async function answerIq(whatsapp: SimulatedWhatsApp, source: Source, iq: BinaryNode): Promise<BinaryNode> {
  const names = namesOf(iq)
  const handler = names.map((name) => HANDLERS[name]).find((one) => one !== undefined)
  try {
    if (!handler) throw new Refused(501, 'feature-not-implemented')
    return result(iq, await handler(whatsapp, source, iq))
  } catch (error) {
    if (error instanceof Refused) return refusal(iq, error.code, error.message)
    if (error instanceof ProtocolError) return refusal(iq, 400, 'bad-request')
    throw error
  }
}

/** Answers a client that is not linked yet. */
export function answerUnlinked(registration: Registration, iq: BinaryNode): BinaryNode {
  const request = child(iq, 'link_code_companion_reg')
  if (request?.attrs['stage'] === 'companion_hello') {
    const isOrdinary = ORDINARY_CLIENT.test(childBytes(request, 'companion_platform_display').toString())
    return isOrdinary ? result(iq, beginCode(registration, request)) : refusal(iq, 400, 'bad-request')
  }
  if (request?.attrs['stage'] === 'companion_finish') {
    finishCode(registration, iq)
    return result(iq, undefined)
  }
  return refusal(iq, 401, 'not-authorized')
}

export function refusal(iq: BinaryNode, code: number, text = 'simulated'): BinaryNode {
  return node('iq', { ...replyTo(iq), type: 'error' }, [node('error', { code: String(code), text })])
}

function result(iq: BinaryNode, content: Answer): BinaryNode {
  return node('iq', { ...replyTo(iq), type: 'result' }, content ?? undefined)
}

function replyTo(iq: BinaryNode): Record<string, string | undefined> {
  return { id: iq.attrs['id'], from: iq.attrs['to'] ?? SERVER }
}

function namesOf(iq: BinaryNode): string[] {
  const name = `${iq.attrs['type'] ?? 'get'} ${iq.attrs['xmlns'] ?? ''}`
  return [`${name}/${child(iq)?.tag ?? ''}`, name]
}
