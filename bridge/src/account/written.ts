import type { MessageReceived } from '../engine/engine.ts'
import type { MessageEvent } from '../protocol.ts'
import type { Identity } from './identity.ts'

type Told = Pick<MessageReceived, 'chat' | 'sender' | 'from_me' | 'origin' | 'timestamp'>
export type Written = Pick<MessageEvent, 'chat' | 'sender' | 'from_me' | 'origin' | 'timestamp'>

/** Who wrote what the engine tells, where and how, in the wire's terms. `listed`: it makes the chat a conversation. */
export function written(
  identity: Identity,
  { chat, sender, from_me, origin, timestamp }: Told,
  listed: boolean,
): Written {
  identity.note(sender)
  identity.note(chat, listed ? { listed, active_at: timestamp } : {})
  // Either may have told more of the other.
  return {
    chat: identity.chat(chat),
    sender: identity.person(sender),
    from_me,
    origin: { ...origin, replayed: false },
    timestamp,
  }
}
