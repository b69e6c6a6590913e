import type { Address, Engine } from '../engine/engine.ts'
import type { Settings } from '../protocol.ts'
import type { ChatRow } from '../store/identities.ts'
import type { MediaStore } from './media.ts'

/** What sending needs of its account. */
export interface Sender {
  readonly engine: Engine
  readonly media: MediaStore
  readonly settings: Settings
  /** The account itself. */
  readonly self: Address
  isLinked(): boolean
  isConnected(): boolean
  /** Until when no chats may be started, in seconds since 1970; `undefined` when they may, or nobody knows. */
  restrictedUntil(): number | undefined
  resolve(reference: string): Promise<ChatRow>
  /** The number of waiting messages has changed. */
  queueChanged(): void
}
