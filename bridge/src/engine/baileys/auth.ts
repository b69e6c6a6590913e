import type { KeyValue } from '../engine.ts'
import {
  type AuthenticationCreds,
  BufferJSON,
  initAuthCreds,
  proto,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from './library.ts'

const CREDS = 'creds'
const { AppStateSyncKeyData } = proto.Message

/** Who we are on WhatsApp and the Signal keys that go with it, kept in the host's store. */
export class Session {
  /** Baileys writes into this object; `save` keeps what it wrote. */
  readonly creds: AuthenticationCreds
  readonly keys: SignalKeyStore
  readonly #store: KeyValue
  /** Whether the store is this session's: a socket may go on writing when its session is over. */
  #kept: boolean

  private constructor(store: KeyValue, creds: AuthenticationCreds, kept: boolean) {
    this.#store = store
    this.#kept = kept
    this.creds = creds
    this.keys = {
      get: (type, ids) => readKeys(store, type, ids),
      set: (data) => {
        if (this.#kept) writeKeys(store, data)
      },
    }
  }

  /** The kept session. `undefined` when there is none, or only the remains of a pairing that was never finished: these are deleted. */
  static load(store: KeyValue): Session | undefined {
    const text = store.get(CREDS, [CREDS]).get(CREDS)
    if (text === undefined) return undefined
    const creds = decode(text) as AuthenticationCreds
    if (creds.account) return new Session(store, creds, true)
    store.clear()
    return undefined
  }

  /** A new identity that nobody knows yet. Nothing of it is kept before a phone has agreed to it. */
  static create(store: KeyValue): Session {
    return new Session(store, initAuthCreds(), false)
  }

  /** A phone has agreed: this session takes the place of whatever was kept. */
  adopt(): void {
    this.#store.clear()
    this.#kept = true
    this.save()
  }

  /** Throws when nothing was written. */
  save(): void {
    if (this.#kept) this.#store.set({ [CREDS]: { [CREDS]: encode(this.creds) } })
  }

  forget(): void {
    this.#store.clear()
    this.#kept = false
  }

  /** Another session takes its place. */
  retire(): void {
    this.#kept = false
  }
}

export function encode(value: unknown): string {
  return JSON.stringify(value, BufferJSON.replacer)
}

export function decode(text: string): unknown {
  return JSON.parse(text, BufferJSON.reviver) as unknown
}

function readKeys<T extends keyof SignalDataTypeMap>(
  store: KeyValue,
  type: T,
  ids: string[],
): Record<string, SignalDataTypeMap[T]> {
  const values: Record<string, SignalDataTypeMap[T]> = {}
  for (const [id, text] of store.get(type, ids)) {
    const value = decode(text)
    // Its bytes went through the class's own `toJSON`, as plain base64, which only the class can read back.
    const revived = type === 'app-state-sync-key' ? AppStateSyncKeyData.fromObject(value as object) : value
    values[id] = revived as SignalDataTypeMap[T]
  }
  return values
}

/** One commit of Baileys is one `set`, so that the ratchet and what goes with it never part. */
function writeKeys(store: KeyValue, data: SignalDataSet): void {
  const changes: Record<string, Record<string, string | null>> = {}
  for (const [type, values] of Object.entries(data)) {
    const encoded: Record<string, string | null> = {}
    for (const [id, value] of Object.entries(values)) encoded[id] = value ? encode(value) : null
    changes[type] = encoded
  }
  store.set(changes)
}
