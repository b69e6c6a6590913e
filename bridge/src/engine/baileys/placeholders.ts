import { type Contact, proto, toNumber, type WAMessage, type WAMessageKey } from './library.ts'
import { frameOf } from './stanzas.ts'
import type { Unread } from './unread.ts'

const { PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE } = proto.Message.ProtocolMessage.Type

/** What the own phone hands out again of what was asked for: each message in the frame of its own stanza, with what the phone has of it. */
export function handedOut(
  key: WAMessageKey,
  content: proto.IMessage,
  unread: Unread,
  me: Contact | undefined,
): WAMessage[] {
  const { protocolMessage } = content
  if (!key.fromMe || protocolMessage?.type !== PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE) return []
  const results = protocolMessage.peerDataOperationRequestResponseMessage?.peerDataOperationResult ?? []
  return results.flatMap(({ placeholderMessageResendResponse: response }) => {
    const bytes = response?.webMessageInfoBytes
    return bytes?.length ? (framed(proto.WebMessageInfo.decode(bytes), unread, me) ?? []) : []
  })
}

function framed(found: proto.WebMessageInfo, unread: Unread, me: Contact | undefined): WAMessage | undefined {
  const asked = unread.withId(found.key?.id ?? '')
  if (!asked || !found.message) return undefined
  const frame = frameOf(asked[1].attrs, me)
  const messageTimestamp = toNumber(found.messageTimestamp) || frame.messageTimestamp
  return { ...frame, message: found.message, ...(messageTimestamp && { messageTimestamp }) }
}
