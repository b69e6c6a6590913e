import type {
  Address,
  CallReceived,
  ChatsListed,
  EngineEvent,
  GroupChanged,
  ListedChat,
  MessageReceived,
  OwnDevicesChanged,
  ReceiptReceived,
  VoteReceived,
} from '../engine/engine.ts'
import {
  CallEvent,
  ChatKind,
  DecryptError,
  GroupChangeEvent,
  LIMITS,
  type Origin,
  Presence,
  Source,
  VoteError,
} from '../protocol.ts'
import { cleanOptions, cleanSaid } from './body.ts'
import { cleanId, flag, isId, isUsable, Malformed, oneOf } from './malformed.ts'
import { cleanEmoji, cleanInteger, cleanName, cleanNumber, cleanText, cleanTime, LAST_SECOND } from './text.ts'

/** The others are the bridge's own to tell. */
const TOLD: { enum: ReceiptReceived['status'][] } = { enum: ['delivered', 'read', 'played'] }
const ALIASES = 8
const DEVICES = 256
const PARTICIPANTS = 1_000_000
const DEVICE_MAX = 65_535

type Written = Pick<MessageReceived, 'chat' | 'sender' | 'from_me' | 'origin' | 'timestamp'>

/**
 * The same event, fit to be kept and shown: whatever a stranger chose has a bound and a form. Pure.
 * @throws Malformed when it does not even say who or what it is about.
 */
export function clean(event: EngineEvent): EngineEvent {
  try {
    return cleanEvent(event)
  } catch (error) {
    if (error instanceof Malformed) throw error
    throw new Malformed('a field is missing or of another type', { cause: error })
  }
}

function cleanEvent(event: EngineEvent): EngineEvent {
  switch (event.type) {
    case 'message':
      return cleanMessage(event)
    case 'edit':
      return { ...event, ...aboutMessage(event), text: event.text === null ? null : cleanText(event.text) }
    case 'revoke':
      return { ...event, ...aboutMessage(event), as_admin: flag(event.as_admin) }
    case 'reaction':
      return { ...event, ...aboutMessage(event), emoji: cleanEmoji(event.emoji) }
    case 'undecryptable':
      return {
        ...event,
        ...cleanWritten(event),
        external_id: cleanId(event.external_id),
        reason: oneOf(DecryptError, event.reason),
      }
    case 'poll_vote':
      return cleanVote(event)
    case 'receipt':
      return cleanReceipt(event)
    case 'group_change':
      return cleanGroupChange(event)
    case 'call':
      return cleanCall(event)
    case 'identity_changed':
      return { ...event, person: cleanAddress(event.person), timestamp: cleanTime(event.timestamp) }
    case 'own_devices_changed':
      return cleanDevices(event)
    case 'presence':
      return {
        ...event,
        chat: cleanAddress(event.chat),
        person: cleanAddress(event.person),
        presence: oneOf(Presence, event.presence),
        last_seen: cleanNumber(event.last_seen, 1, LAST_SECOND),
      }
    case 'chats':
      return cleanList(event)
    default:
      throw new Malformed('an event of no kind')
  }
}

function cleanMessage(message: MessageReceived): MessageReceived {
  const { quoted_external_id, mentions, raw } = message
  if (!(raw instanceof Uint8Array)) throw new Malformed('a message without its bytes')
  return {
    ...message,
    ...cleanWritten(message),
    ...cleanSaid(message),
    external_id: cleanId(message.external_id),
    quoted_external_id: isId(quoted_external_id) ? quoted_external_id : null,
    mentions: mentions.slice(0, LIMITS.mentions_max).filter(isUsableAddress).map(cleanAddress),
  }
}

function cleanWritten(event: Written): Written {
  return {
    chat: cleanAddress(event.chat),
    sender: cleanAddress(event.sender),
    from_me: flag(event.from_me),
    ...cleanWhen(event),
  }
}

function cleanWhen({
  origin,
  timestamp,
}: Pick<Written, 'origin' | 'timestamp'>): Pick<Written, 'origin' | 'timestamp'> {
  return { origin: cleanOrigin(origin), timestamp: cleanTime(timestamp) }
}

function cleanOrigin(origin: Omit<Origin, 'replayed'>): Omit<Origin, 'replayed'> {
  return {
    source: oneOf(Source, origin.source),
    e2e: flag(origin.e2e),
    device: cleanInteger(origin.device, 0, DEVICE_MAX),
    forwarded: flag(origin.forwarded),
    edited: flag(origin.edited),
    view_once: flag(origin.view_once),
    quoted: flag(origin.quoted),
    broadcast: flag(origin.broadcast),
    offline: flag(origin.offline),
    server_time: cleanTime(origin.server_time),
  }
}

function aboutMessage<E extends Written & { external_id: string; target_external_id: string }>(event: E) {
  const { external_id, target_external_id } = event
  return {
    ...cleanWritten(event),
    external_id: cleanId(external_id),
    target_external_id: cleanId(target_external_id),
  }
}

function cleanVote(vote: VoteReceived): VoteReceived {
  return {
    ...vote,
    external_id: cleanId(vote.external_id),
    poll_external_id: cleanId(vote.poll_external_id),
    chat: cleanAddress(vote.chat),
    voter: cleanAddress(vote.voter),
    from_me: flag(vote.from_me),
    options: cleanOptions(vote.options),
    error: vote.error === null ? null : oneOf(VoteError, vote.error),
    ...cleanWhen(vote),
  }
}

function cleanReceipt({ external_id, status, by, timestamp }: ReceiptReceived): ReceiptReceived {
  return {
    type: 'receipt',
    external_id: cleanId(external_id),
    status: oneOf(TOLD, status),
    by: by && cleanAddress(by),
    timestamp: cleanTime(timestamp),
  }
}

function cleanCall(call: CallReceived): CallReceived {
  return {
    ...call,
    call_id: cleanId(call.call_id),
    chat: cleanAddress(call.chat),
    caller: cleanAddress(call.caller),
    status: oneOf(CallEvent.properties.status, call.status),
    video: flag(call.video),
    ...cleanWhen(call),
  }
}

function cleanGroupChange(event: GroupChanged): GroupChanged {
  const { by, members, change, value } = event
  return {
    ...event,
    once: cleanText(event.once),
    change: oneOf(GroupChangeEvent.properties.change, change),
    chat: cleanAddress(event.chat),
    by: by && isUsableAddress(by) ? cleanAddress(by) : null,
    members: members.slice(0, LIMITS.members_max).filter(isUsableAddress).map(cleanAddress),
    value:
      change === 'description' && value !== null ? cleanText(value, LIMITS.group_description_chars) : cleanName(value),
    ...cleanWhen(event),
  }
}

function cleanDevices({ added, removed, timestamp }: OwnDevicesChanged): OwnDevicesChanged {
  return {
    type: 'own_devices_changed',
    added: cleanNumbers(added),
    removed: cleanNumbers(removed),
    timestamp: cleanTime(timestamp),
  }
}

function cleanNumbers(devices: number[]): number[] {
  return devices.slice(0, DEVICES).filter((device) => cleanInteger(device, 0, DEVICE_MAX) !== null)
}

/** Chats that cannot be used are left out. */
function cleanList({ chats, removed, all_groups }: ChatsListed): ChatsListed {
  return {
    type: 'chats',
    chats: chats.filter(isUsableAddress).map((chat) => cleanListed(chat)),
    removed: removed.filter(isUsable),
    all_groups: flag(all_groups),
  }
}

function cleanListed({ participants, is_admin, ...address }: ListedChat): ListedChat {
  const count = cleanInteger(participants ?? null, 0, PARTICIPANTS)
  return {
    ...cleanAddress(address),
    ...(count !== null && { participants: count }),
    ...(is_admin !== undefined && { is_admin: flag(is_admin) }),
  }
}

export function cleanAddress({ kind, aliases, name }: Address): Address {
  const usable = aliases.filter(isUsable).slice(0, ALIASES)
  if (usable.length === 0) throw new Malformed('an address without a usable alias')
  return { kind: oneOf(ChatKind, kind), aliases: usable, ...(name !== undefined && { name }) }
}

function isUsableAddress({ aliases }: Address): boolean {
  return aliases.some(isUsable)
}
