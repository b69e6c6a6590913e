import type { BinaryNode } from 'baileys'

import type { Chat } from './inbox.ts'
import { node } from './nodes.ts'
import { type Addressing, appearance, type Person } from './people.ts'

/** A message on its way from one device to another, as its stanza says. */
export interface Envelope {
  id: string
  sender: Person & { name: string }
  /** 0: the phone itself. */
  senderDevice: number
  chat: Chat
  recipient: Person
  /** `…@broadcast`, when it went to a list of people. */
  list?: string
  type: string
  /** That it changes another message, and how. */
  edit?: string | undefined
  /** Seconds since the epoch. */
  timestamp: number
}

/** The `<message>` a linked device gets. `addressing` is the server's default; a group has its own. */
export function messageNode(envelope: Envelope, addressing: Addressing, content: BinaryNode[]): BinaryNode {
  const { id, type, edit, sender, timestamp } = envelope
  return node(
    'message',
    { id, t: String(timestamp), type, edit, notify: sender.name, ...addresses(envelope, addressing) },
    content,
  )
}

function addresses(
  { sender, senderDevice, chat, recipient, list }: Envelope,
  addressing: Addressing,
): Record<string, string | undefined> {
  if (!('number' in chat)) {
    const { jid, alternative, mode } = appearance(sender, chat.addressing, senderDevice)
    return { from: chat.id, participant: jid, [`participant_${other(mode)}`]: alternative, addressing_mode: mode }
  }
  if (recipient.number !== sender.number) {
    const { jid, alternative, mode } = appearance(sender, addressing, senderDevice)
    if (list !== undefined)
      return { from: list, participant: jid, [`participant_${other(mode)}`]: alternative, addressing_mode: mode }
    return { from: jid, [`sender_${other(mode)}`]: alternative, addressing_mode: mode }
  }
  // The sender's own devices are told whom it was for.
  const peer = appearance(chat, addressing)
  const own = appearance({ ...identity(sender), hidesNumber: false }, peer.mode, senderDevice)
  return {
    from: own.jid,
    recipient: peer.jid,
    [`peer_recipient_${other(peer.mode)}`]: peer.alternative,
    addressing_mode: peer.mode,
  }
}

function other(mode: Addressing): Addressing {
  return mode === 'lid' ? 'pn' : 'lid'
}

function identity({ number, lid, hidesNumber }: Person): Person {
  return { number, lid, hidesNumber }
}
