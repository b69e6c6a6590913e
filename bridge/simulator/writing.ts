import { proto } from 'baileys'

import { encryptAddOn, type Modes } from './addons.ts'
import {
  bare,
  type Card,
  cardMessage,
  deleteMessage,
  disappearingMessage,
  editMessage,
  type Place,
  placeMessage,
  pinMessage,
  reactionMessage,
  withContext,
} from './contents.ts'
import { SimulatorError } from './errors.ts'
import { type Chat, Inbox, type Mail } from './inbox.ts'
import { fileOf, mediaMessage, type MediaToSend } from './media.ts'
import { type Addressing, appearance, type Person } from './people.ts'
import { encryptVote, pollMessage, type PollQuestion } from './polls.ts'
import type { SimulatedWhatsApp } from './server.ts'

/** What goes along with something that somebody writes. */
export interface Along {
  /** The id of a message it answers. */
  quote?: string
  /** Whom it mentions, by number. */
  mentions?: readonly string[]
  /** Seconds until it disappears. */
  expiration?: number
  /** How often it was forwarded. */
  forwarded?: number
}

/** How a message is announced outside its encryption. `edit`: that it changes another one, and how. */
export interface Announcement {
  type: 'text' | 'media' | 'poll' | 'reaction'
  edit?: '1' | '2' | '7' | '8'
}

/** The writing half of a person: everything that can be written on a phone. All resolve with the new message's id. */
export abstract class Writer implements Person {
  abstract readonly number: string
  abstract readonly lid: string | null
  abstract readonly hidesNumber: boolean
  protected readonly whatsapp: SimulatedWhatsApp
  /** What this phone has seen. */
  protected readonly seen: Inbox

  constructor(whatsapp: SimulatedWhatsApp) {
    this.whatsapp = whatsapp
    this.seen = new Inbox((jid) => (jid && whatsapp.phoneAt(jid)?.number) ?? '')
  }

  /** Writes anything. Its own linked devices get a copy, as of everything written on a phone. */
  abstract write(to: Chat | string, message: proto.IMessage, announcement: Announcement): Promise<string>

  async say(to: Chat | string, text: string, along: Along = {}): Promise<string> {
    if (text === '') throw new SimulatorError('An empty message cannot be sent.')
    return this.#writeAlong(to, { conversation: text }, along, 'text')
  }

  async poll(
    to: Chat | string,
    { question, options, selectable = 1 }: Omit<PollQuestion, 'selectable'> & { selectable?: number },
  ): Promise<string> {
    return this.write(to, pollMessage({ question, options, selectable }), { type: 'poll' })
  }

  /** Votes in a poll it has seen; no options withdraw the vote. `modes` say by which addresses; they follow the chat unless told. */
  async vote(
    id: string,
    options: readonly string[],
    modes: { creator?: Addressing; voter?: Addressing } = {},
  ): Promise<string> {
    const { poll, chat } = this.seen.poll(id)
    const unknown = options.find((option) => !poll.options.includes(option))
    if (unknown !== undefined) throw new SimulatorError(`The poll has no option "${unknown}".`)
    if (poll.selectable > 0 && options.length > poll.selectable)
      throw new SimulatorError(`One may choose at most ${poll.selectable}.`)
    const vote = encryptVote(poll, options, this, {
      creator: modes.creator ?? this.#usual(poll.creator, chat),
      voter: modes.voter ?? this.#usual(this, chat),
    })
    const pollCreationMessageKey = this.#keyOf(id, poll.creator, chat)
    this.seen.choose(id, options)
    const update = { pollCreationMessageKey, vote, senderTimestampMs: Date.now() }
    return this.write(chat, { pollUpdateMessage: update }, { type: 'poll' })
  }

  async locate(to: Chat | string, place: Place, along: Along = {}): Promise<string> {
    return this.#writeAlong(to, placeMessage(place), along, 'media')
  }

  async contact(to: Chat | string, cards: readonly Card[], along: Along = {}): Promise<string> {
    return this.#writeAlong(to, cardMessage(cards), along, 'media')
  }

  /** Sends a file: encrypts it and hands it to the media server. */
  async sendMedia(to: Chat | string, media: MediaToSend, along: Along = {}): Promise<string> {
    return this.#writeAlong(to, await mediaMessage(this.whatsapp.media, media), along, 'media')
  }

  /** The file of a message it has seen. @throws SimulatorError when it is not what the message says. */
  async mediaOf(id: string): Promise<Buffer> {
    return fileOf(this.whatsapp.media, this.seen.mail(id).message)
  }

  /** Reacts to a message it has seen; an empty `emoji` takes that back. Encrypted as in the announcements of a community, or not. */
  async react(
    id: string,
    emoji: string,
    form: 'plain' | 'encrypted' = 'plain',
    modes: Partial<Modes> = {},
  ): Promise<string> {
    const target = this.#target(id)
    const message = reactionMessage(target.key, emoji)
    if (form === 'plain') return this.write(target.chat, message, { type: 'reaction' })
    const plain = proto.Message.ReactionMessage.encode({ ...message.reactionMessage, key: null }).finish()
    const encrypted = this.#encrypt(target, modes, 'Enc Reaction', plain)
    return this.write(target.chat, { encReactionMessage: encrypted }, { type: 'reaction' })
  }

  /** Writes another text in place of a message. `form`: as it goes over the wire; `modes`: the addresses of an encrypted one. */
  async edit(
    id: string,
    text: string,
    form: 'plain' | 'wrapped' | 'encrypted' = 'plain',
    modes: Partial<Modes> = {},
  ): Promise<string> {
    const target = this.#target(id)
    const { key, chat, message } = target
    const edit = editMessage(key, message, text)
    if (form === 'plain') return this.write(chat, edit, { type: 'text', edit: '1' })
    if (form === 'wrapped') return this.write(chat, { editedMessage: { message: edit } }, { type: 'text', edit: '1' })
    const encrypted = this.#encrypt(target, modes, 'Message Edit', proto.Message.encode(edit).finish())
    const secretEncType = proto.Message.SecretEncryptedMessage.SecretEncType.MESSAGE_EDIT
    return this.write(chat, { secretEncryptedMessage: { ...encrypted, secretEncType } }, { type: 'text', edit: '1' })
  }

  /** Deletes a message for everybody: an own one, or somebody's as an admin; nobody checks that here. */
  async delete(id: string): Promise<string> {
    const { key, chat } = this.#target(id)
    return this.write(chat, deleteMessage(key), { type: 'text', edit: key.fromMe ? '7' : '8' })
  }

  /** Pins a message for so many seconds; 0 takes it down. */
  async pin(id: string, seconds: number): Promise<string> {
    const { key, chat } = this.#target(id)
    return this.write(chat, pinMessage(key, seconds), { type: 'text', edit: '2' })
  }

  /** Sends a message it has seen to somebody else. */
  async forward(id: string, to: Chat | string): Promise<string> {
    const { message } = this.#target(id)
    const content = withContext(bare(message), { isForwarded: true, forwardingScore: 1 })
    const isText = content.extendedTextMessage !== undefined
    return this.write(to, content, { type: isText ? 'text' : 'media' })
  }

  /** Has what is written to a person from now on disappear after so many seconds; 0: not any more. */
  async disappear(to: Chat | string, seconds: number): Promise<string> {
    return this.write(to, disappearingMessage(seconds), { type: 'text' })
  }

  /** Writes a message with its context. */
  async #writeAlong(
    to: Chat | string,
    message: proto.IMessage,
    along: Along,
    type: Announcement['type'],
  ): Promise<string> {
    const chat = this.whatsapp.chat(to)
    const context = this.#context(chat, along)
    return this.write(chat, Object.keys(context).length > 0 ? withContext(message, context) : message, { type })
  }

  #context(chat: Chat, { quote, mentions, expiration, forwarded }: Along): proto.IContextInfo {
    const quoted = quote === undefined ? undefined : this.seen.mail(quote)
    return {
      ...(quoted && {
        stanzaId: quoted.id,
        participant: this.#jid(quoted.author, chat),
        quotedMessage: bare(quoted.message),
      }),
      ...(mentions?.length && {
        mentionedJid: mentions.map((number) => {
          const person = this.whatsapp.chat(number)
          if (!('number' in person)) throw new SimulatorError('Only people can be mentioned.')
          return this.#jid(person, chat)
        }),
      }),
      ...(expiration !== undefined && { expiration }),
      ...(forwarded !== undefined && { isForwarded: true, forwardingScore: forwarded }),
    }
  }

  #encrypt(
    { id, key, chat, author, message }: Mail & { key: proto.IMessageKey },
    modes: Partial<Modes>,
    use: 'Message Edit' | 'Enc Reaction',
    plain: Uint8Array,
  ): proto.Message.IEncReactionMessage {
    const secret = message.messageContextInfo?.messageSecret
    if (!secret) throw new SimulatorError('To a message without a secret nothing can be added that way.')
    const usual = { creator: this.#usual(author, chat), author: this.#usual(this, chat) }
    return { targetMessageKey: key, ...encryptAddOn({ id, author, secret }, this, { ...usual, ...modes }, use, plain) }
  }

  #target(id: string): Mail & { key: proto.IMessageKey } {
    const mail = this.seen.mail(id)
    return { ...mail, key: this.#keyOf(id, mail.author, mail.chat) }
  }

  /** A message's key as this phone writes it. */
  #keyOf(id: string, author: Person, chat: Chat): proto.IMessageKey {
    const fromMe = author.number === this.number
    if ('number' in chat) return { remoteJid: this.#jid(chat, chat), fromMe, id }
    return { remoteJid: chat.id, fromMe, id, participant: this.#jid(author, chat) }
  }

  #jid(person: Person, chat: Chat): string {
    return appearance(person, this.#addressing(chat)).jid
  }

  #usual({ lid, hidesNumber }: Person, chat: Chat): Addressing {
    if (lid === null) return 'pn'
    return hidesNumber ? 'lid' : this.#addressing(chat)
  }

  #addressing(chat: Chat): Addressing {
    return 'number' in chat ? this.whatsapp.addressing : chat.addressing
  }
}
