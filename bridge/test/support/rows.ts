import type { Media, ReceiptEvent } from '../../src/protocol.ts'
import type { NewMessage } from '../../src/store/messages.ts'
import type { Outgoing } from '../../src/store/outbox.ts'

/** A message as the store keeps it, with what a test does not care about. */
export function messageRow(changes: Partial<NewMessage> & Pick<NewMessage, 'message_id' | 'chat_id'>): NewMessage {
  return {
    external_id: changes.message_id,
    from_me: true,
    sender_id: null,
    kind: 'text',
    said: null,
    choices: null,
    quoted_message_id: null,
    timestamp: 1,
    raw: Buffer.from('raw'),
    poll: null,
    ...changes,
  }
}

type NewOutgoing = Omit<Outgoing, 'number' | 'state' | 'sent_at' | 'error' | 'tried'>

/** A message that waits to be sent, with what a test does not care about. */
export function outgoingRow(changes: Partial<NewOutgoing> & Pick<NewOutgoing, 'message_id' | 'chat_id'>): NewOutgoing {
  return {
    request_id: changes.message_id,
    retry: true,
    expires_at: Date.now() / 1000 + 600,
    priority: 0,
    sent_as: 'text',
    typing: false,
    media: null,
    told: {},
    ...changes,
  }
}

/** A file as the wire tells of it, with what a test does not care about. */
export const MEDIA: Media = {
  mime: 'image/jpeg',
  size: 1,
  file_name: null,
  seconds: null,
  width: null,
  height: null,
  voice: false,
  gif: false,
  animated: false,
}

/** An event for a journal, whatever it says. */
export function receiptEvent(changes: Partial<ReceiptEvent> = {}): ReceiptEvent {
  const nobody = { phone: null, lid: null, name: null, participants: null, is_admin: null }
  const chat = { id: 'c', kind: 'person', ...nobody } as const
  return { type: 'receipt', message_id: 'm', chat, status: 'sent', by: null, error: null, timestamp: 0, ...changes }
}
