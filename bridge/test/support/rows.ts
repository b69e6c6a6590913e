import type { NewMessage } from '../../src/store/messages.ts'

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
