import {
  addTransactionCapability,
  type AuthenticationCreds,
  type BinaryNode,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  encodeWAMessage,
  generateSignalPubKey,
  initAuthCreds,
  proto,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
  type SignalKeyStoreWithTransaction,
  type SignalRepositoryWithLIDStore,
  unpadRandomMax16,
} from 'baileys'

import { bytesOf, node, requireAttr } from './nodes.ts'
import type { HandedBundle } from './keys.ts'
import { silent } from './silence.ts'

/** A Signal key store in memory. */
class MemoryKeys implements SignalKeyStore {
  readonly #values = new Map<string, unknown>()

  get<T extends keyof SignalDataTypeMap>(type: T, ids: string[]): Record<string, SignalDataTypeMap[T]> {
    const found: Record<string, SignalDataTypeMap[T]> = {}
    for (const id of ids) {
      const value = this.#values.get(`${type} ${id}`)
      if (value !== undefined) found[id] = value as SignalDataTypeMap[T]
    }
    return found
  }

  set(data: SignalDataSet): void {
    for (const [type, values] of Object.entries(data)) {
      for (const [id, value] of Object.entries(values)) {
        if (value === null || value === undefined) this.#values.delete(`${type} ${id}`)
        else this.#values.set(`${type} ${id}`, value)
      }
    }
  }
}

interface State {
  creds: AuthenticationCreds
  keys: SignalKeyStoreWithTransaction
  repository: SignalRepositoryWithLIDStore
}

function makeState(): State {
  const creds = initAuthCreds()
  const keys = addTransactionCapability(new MemoryKeys(), silent, { maxCommitRetries: 1, delayBetweenTriesMs: 1 })
  return { creds, keys, repository: DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds, keys }, silent) }
}

/** The Signal half of a phone: its identity, its sessions with linked devices, its sender keys. */
export class SignalEndpoint {
  #state = makeState()
  #nextKeyId = 1

  /** Starts over with another identity and no sessions, as an application installed anew does. */
  renew(): void {
    this.close()
    this.#state = makeState()
  }

  get identity(): { public: Uint8Array; private: Uint8Array } {
    return this.#state.creds.signedIdentityKey
  }

  get registrationId(): number {
    return this.#state.creds.registrationId
  }

  /** A bundle with a fresh one-time key. */
  async bundle(): Promise<HandedBundle> {
    const id = this.#nextKeyId++
    const pair = Curve.generateKeyPair()
    await this.#state.keys.set({ 'pre-key': { [id]: pair } })
    const { keyPair, keyId, signature } = this.#state.creds.signedPreKey
    return {
      registrationId: this.#state.creds.registrationId,
      identity: this.#state.creds.signedIdentityKey.public,
      signedKey: { id: keyId, value: keyPair.public, signature },
      oneTimeKey: { id, value: pair.public },
    }
  }

  /** Encrypts for one device; `takeBundle` is asked only when there is no session yet. */
  async encrypt(address: string, message: proto.IMessage, takeBundle: () => HandedBundle): Promise<BinaryNode> {
    return this.encryptBytes(address, encodeWAMessage(message), takeBundle)
  }

  /** The same for whatever bytes. */
  async encryptBytes(address: string, data: Uint8Array, takeBundle: () => HandedBundle): Promise<BinaryNode> {
    if (!(await this.#state.repository.validateSession(address)).exists) await this.#begin(address, takeBundle())
    const { type, ciphertext } = await this.#state.repository.encryptMessage({ jid: address, data })
    return node('enc', { v: '2', type }, ciphertext)
  }

  /** Encrypts for a group. `distribution` lets a device that has not got the sender key yet read from here on. */
  async encryptForGroup(
    group: string,
    me: string,
    message: proto.IMessage,
  ): Promise<{ enc: BinaryNode; distribution: proto.IMessage }> {
    const data = encodeWAMessage(message)
    const { ciphertext, senderKeyDistributionMessage } = await this.#state.repository.encryptGroupMessage({
      group,
      meId: me,
      data,
    })
    return {
      enc: node('enc', { v: '2', type: 'skmsg' }, ciphertext),
      distribution: distributionOf(group, senderKeyDistributionMessage),
    }
  }

  /** Decrypts one `<enc>`; a sender key inside is learned. `address` is the sender's for sessions, `author` as the group knows it. */
  async decrypt(
    enc: BinaryNode,
    address: string,
    group: { id: string; author: string } | undefined,
  ): Promise<proto.Message> {
    const content = bytesOf(enc)
    const type = requireAttr(enc, 'type')
    const plaintext =
      type === 'skmsg' && group
        ? await this.#state.repository.decryptGroupMessage({ group: group.id, authorJid: group.author, msg: content })
        : await this.#state.repository.decryptMessage({
            jid: address,
            type: type as 'msg' | 'pkmsg',
            ciphertext: content,
          })
    const message = proto.Message.decode(unpadRandomMax16(plaintext))
    const item = (message.deviceSentMessage?.message ?? message).senderKeyDistributionMessage
    if (item && group)
      await this.#state.repository.processSenderKeyDistributionMessage({ item, authorJid: group.author })
    return message
  }

  /** Ends the session with a device, so that the next message starts a new one. */
  async forget(address: string): Promise<void> {
    await this.#state.repository.deleteSession([address])
  }

  close(): void {
    this.#state.repository.close?.()
  }

  async #begin(address: string, bundle: HandedBundle): Promise<void> {
    const { signedKey, oneTimeKey } = bundle
    await this.#state.repository.injectE2ESession({
      jid: address,
      session: {
        registrationId: bundle.registrationId,
        identityKey: generateSignalPubKey(bundle.identity),
        signedPreKey: {
          keyId: signedKey.id,
          publicKey: generateSignalPubKey(signedKey.value),
          signature: signedKey.signature,
        },
        ...(oneTimeKey ? { preKey: { keyId: oneTimeKey.id, publicKey: generateSignalPubKey(oneTimeKey.value) } } : {}),
      },
    })
  }
}

function distributionOf(groupId: string, axolotlSenderKeyDistributionMessage: Uint8Array): proto.IMessage {
  return { senderKeyDistributionMessage: { groupId, axolotlSenderKeyDistributionMessage } }
}
