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
