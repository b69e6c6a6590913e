import { createHash } from 'node:crypto'

import { decryptPollVote, proto } from 'baileys'

import { encryptAddOn } from './addons.ts'
import { SimulatorError } from './errors.ts'
import { type Addressing, lidJid, numberJid, type Person } from './people.ts'

export interface PollQuestion {
  question: string
  options: string[]
  /** How many options one may choose; 0: any number. */
  selectable: number
}

/** A poll as the phones in its chat know it. */
export interface Poll extends PollQuestion {
  id: string
  creator: Person
  secret: Uint8Array
}

/** The message that asks. WhatsApp uses its own kind for single-choice polls. */
export function pollMessage({ question, options, selectable }: PollQuestion): proto.IMessage {
  if (options.length < 2 || new Set(options).size !== options.length)
    throw new SimulatorError('A poll needs two options or more, all different.')
  if (!Number.isInteger(selectable) || selectable < 0 || selectable > options.length) {
    throw new SimulatorError('`selectable` is a whole number, at most the number of options.')
  }
  const poll = {
    name: question,
    options: options.map((optionName) => ({ optionName })),
    selectableOptionsCount: selectable,
  }
  return selectable === 1 ? { pollCreationMessageV3: poll } : { pollCreationMessage: poll }
}

/** The poll in a message, if it is one. */
export function readPoll(message: proto.IMessage, id: string, creator: Person): Poll | undefined {
  const poll = message.pollCreationMessage ?? message.pollCreationMessageV2 ?? message.pollCreationMessageV3
  const secret = message.messageContextInfo?.messageSecret
  if (!poll || !secret) return undefined
  const options = (poll.options ?? []).map((option) => option.optionName ?? '')
  return { id, creator, secret, question: poll.name ?? '', options, selectable: poll.selectableOptionsCount ?? 0 }
}

/** Encrypts a vote the way a phone does that knows the creator and itself by these addresses. */
export function encryptVote(
  poll: Poll,
  options: readonly string[],
  voter: Person,
  modes: { creator: Addressing; voter: Addressing },
): proto.Message.IPollEncValue {
  const vote = proto.Message.PollVoteMessage.encode({ selectedOptions: options.map(hashOf) }).finish()
  const target = { id: poll.id, author: poll.creator, secret: poll.secret }
  return encryptAddOn(target, voter, { creator: modes.creator, author: modes.voter }, 'Poll Vote', vote)
}

/** The names a vote chose, under whichever pair of addresses it was made. @throws SimulatorError when none fits. */
export function readVote(poll: Poll, vote: proto.Message.IPollEncValue, voter: Person): string[] {
  for (const pollCreatorJid of jidsOf(poll.creator)) {
    for (const voterJid of jidsOf(voter)) {
      const selected = tryVote(vote, { pollCreatorJid, pollMsgId: poll.id, pollEncKey: poll.secret, voterJid })
      if (selected) return poll.options.filter((option) => selected.some((hash) => hashOf(option).equals(hash)))
    }
  }
  throw new SimulatorError('The vote cannot be decrypted.')
}

function tryVote(
  vote: proto.Message.IPollEncValue,
  context: Parameters<typeof decryptPollVote>[1],
): Uint8Array[] | undefined {
  try {
    return decryptPollVote(vote, context).selectedOptions
  } catch {
    // The cipher says so when the addresses are not the ones used.
    return undefined
  }
}

function jidsOf(person: Person): string[] {
  return [...(person.lid === null ? [] : [lidJid(person)]), numberJid(person)]
}

function hashOf(option: string): Buffer {
  return createHash('sha256').update(option).digest()
}
