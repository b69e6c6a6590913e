import type { Address, MediaFile, Prepared, SendContext } from '../engine/engine.ts'
import { asBridgeError, BridgeError } from '../errors.ts'
import type { CommandArgs } from '../protocol.ts'
import type { ChatRow } from '../store/identities.ts'
import type { NewMessage } from '../store/messages.ts'
import type { OutgoingFile, Told } from '../store/outbox.ts'
import { checkContent, saidBy } from './content.ts'
import { hasMedia, plan, type Plan } from './planner.ts'
import type { Records } from './records.ts'
import { References, type Referred } from './references.ts'
import { strangerRefusal } from './restriction.ts'
import type { Sender } from './sender.ts'
import { now } from './text.ts'

type Send = CommandArgs<'send'>

const TTL_SECONDS = 600
/** How long "now" is for a message that may not wait. */
const NOW_SECONDS = 20

/** All that becomes a row. */
interface Draft {
  request: Send
  chat: ChatRow
  referred: Referred
  file: MediaFile | null
  plan: Plan
  prepared: Prepared
}

/** Makes of a request a message with everything in it, on disk, with its id and payload fixed. */
export class Admission {
  readonly #records: Records
  readonly #sender: Sender
  readonly #references: References
  readonly #entered: (expires_at: number) => void

  /** `entered` hears, of each message that has been kept, when it expires. */
  constructor(records: Records, sender: Sender, entered: (expires_at: number) => void) {
    this.#records = records
    this.#sender = sender
    this.#entered = entered
    this.#references = new References(records, sender)
  }

  /** @throws BridgeError what is wrong with the request; then nothing of it is kept. */
  async enter(request: Send): Promise<void> {
    const { content, chat: named, ttl } = request
    this.#check(ttl)
    checkContent(content)
    const chat = await this.#sender.resolve(named)
    const refusal = strangerRefusal(this.#records, this.#sender, chat.chat_id)
    if (refusal) throw refusal
    const referred = await this.#references.resolve(request, chat)
    const file = hasMedia(content) ? this.#sender.media.claim(content.ticket) : null
    try {
      const planned = plan(content, this.#sender.engine.capabilities(), request.degrade ?? 'lossless', file)
      const prepared = await this.#prepare(chat, planned, this.#context(request, referred, file))
      // Both may have changed meanwhile.
      this.#check(ttl)
      this.#entered(this.#insert({ request, chat, referred, file, plan: planned, prepared }))
    } catch (error) {
      if (file) this.#sender.media.release(file)
      throw error
    }
  }

  #check(ttl: number | undefined): void {
    if (!this.#sender.isLinked()) {
      throw new BridgeError('not_linked', 'The account is not linked to WhatsApp any more: link it again')
    }
    if (ttl !== 0 || this.#sender.isConnected()) return
    throw new BridgeError('not_connected', 'WhatsApp is not connected at the moment and the message may not wait')
  }

  #context({ expiration }: Send, { quote, target, mentions }: Referred, file: MediaFile | null): SendContext {
    return {
      mentions: mentions.map((id): Address => this.#records.address(id)),
      ...(quote && { quote: this.#records.ref(quote, this.#sender.self) }),
      ...(target && { target: this.#records.ref(target, this.#sender.self) }),
      ...(file && { media: file }),
      ...(expiration !== undefined && { expiration }),
    }
  }

  async #prepare(chat: ChatRow, { content }: Plan, context: SendContext): Promise<Prepared> {
    try {
      return await this.#sender.engine.prepare(this.#records.identity.address(chat), content, context)
    } catch (error) {
      throw asBridgeError(error) ?? error
    }
  }

  /** Returns when it expires. */
  #insert(draft: Draft): number {
    const { store, account, messages, identity } = this.#records
    const { chat_id } = draft.chat
    const { ttl = TTL_SECONDS, request_id, priority, typing = false } = draft.request
    const urgent = priority === 'high'
    return store.database.transaction(() => {
      const at = now()
      const message_id = messages.id(chat_id, draft.prepared.external_id)
      const expires_at = at + (ttl === 0 ? NOW_SECONDS : ttl)
      const sent_as = draft.plan.content.kind
      store.messages.insert(account, messageOf(draft, message_id, at), at)
      store.outbox.insert(account, {
        request_id,
        message_id,
        chat_id,
        retry: ttl > 0,
        expires_at,
        priority: Number(urgent),
        sent_as,
        typing: typing && sent_as === 'text' && !urgent,
        media: fileOf(draft.file),
        told: toldOf(draft),
      })
      identity.note(this.#records.address(chat_id), { listed: true, active_at: at })
      return expires_at
    })
  }
}

function messageOf(
  { chat, referred, file, plan: { content, choices }, prepared }: Draft,
  message_id: string,
  at: number,
): NewMessage {
  const said = saidBy(content, file, referred.target)
  return {
    message_id,
    chat_id: chat.chat_id,
    external_id: prepared.external_id,
    from_me: true,
    sender_id: null,
    kind: said?.kind ?? content.kind,
    said,
    poll: said?.poll ?? null,
    choices,
    quoted_message_id: referred.quote?.message_id ?? null,
    timestamp: at,
    raw: prepared.payload,
  }
}

function fileOf(file: MediaFile | null): OutgoingFile | null {
  return file && { path: file.path, size: file.size, mime: file.mime }
}

function toldOf({ referred: { mentions, target }, plan: { content } }: Draft): Told {
  return {
    ...(mentions.length > 0 && { mentions }),
    ...(content.kind === 'forward' && { forwarded: true }),
    ...('view_once' in content && content.view_once && { view_once: true }),
    ...(target && content.kind === 'edit' && { target: target.message_id, text: content.text }),
    ...(target && content.kind === 'delete' && { target: target.message_id }),
  }
}
