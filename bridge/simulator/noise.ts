import { aesDecryptGCM, aesEncryptGCM, Curve, hkdf, type KeyPair, NOISE_MODE, proto, sha256 } from 'baileys'

import { ProtocolError } from './errors.ts'

const EMPTY = Buffer.alloc(0)
const DAY_S = 86_400

/** The keys a server proves itself with: its static Noise key and the chain from the root that signs it. */
export interface ServerIdentity {
  root: Buffer
  static: KeyPair
  certificate: Uint8Array
}

/** What the client said in the handshake, and the cipher from here on. */
export interface Handshake {
  clientStatic: Buffer
  payload: Uint8Array
  transport: Transport
}

/** Makes the keys of one server. The root is made here too, so two servers do not trust each other. */
export function makeServerIdentity(): ServerIdentity {
  const root = Curve.generateKeyPair()
  const intermediate = Curve.generateKeyPair()
  const own = Curve.generateKeyPair()
  const { Details } = proto.CertChain.NoiseCertificate
  const seconds = Math.floor(Date.now() / 1000)
  const validity = { notBefore: seconds - DAY_S, notAfter: seconds + 3650 * DAY_S }
  const issuer = Details.encode({ serial: 1, issuerSerial: 0, key: intermediate.public, ...validity }).finish()
  const leaf = Details.encode({ serial: 2, issuerSerial: 1, key: own.public, ...validity }).finish()
  const certificate = proto.CertChain.encode({
    intermediate: { details: issuer, signature: Curve.sign(root.private, issuer) },
    leaf: { details: leaf, signature: Curve.sign(intermediate.private, leaf) },
  }).finish()
  return { root: Buffer.from(root.public), static: own, certificate }
}

function counterIv(counter: number): Buffer {
  const iv = Buffer.alloc(12)
  iv.writeUInt32BE(counter, 8)
  return iv
}

/** The cipher after the handshake: one key and one counter for each direction. */
export class Transport {
  readonly #sending: Buffer
  readonly #receiving: Buffer
  #sent = 0
  #received = 0

  constructor(sending: Buffer, receiving: Buffer) {
    this.#sending = sending
    this.#receiving = receiving
  }

  encrypt(plaintext: Uint8Array): Buffer {
    return aesEncryptGCM(plaintext, this.#sending, counterIv(this.#sent++), EMPTY)
  }

  decrypt(ciphertext: Uint8Array): Buffer {
    return aesDecryptGCM(ciphertext, this.#receiving, counterIv(this.#received++), EMPTY)
  }
}

/** The server's half of Noise_XX_25519_AESGCM_SHA256. */
export class NoiseResponder {
  readonly #identity: ServerIdentity
  readonly #ephemeral = Curve.generateKeyPair()
  // The mode's name is exactly 32 bytes, so it is the first hash itself.
  #hash: Buffer = Buffer.from(NOISE_MODE)
  #salt = this.#hash
  #key = this.#hash
  #counter = 0

  constructor(header: Buffer, identity: ServerIdentity) {
    this.#identity = identity
    this.#authenticate(header)
  }

  /** Client hello in, server hello out. */
  greet(frame: Uint8Array): Uint8Array {
    const ephemeral = proto.HandshakeMessage.decode(frame).clientHello?.ephemeral
    if (!ephemeral) throw new ProtocolError('client hello without key')
    this.#authenticate(ephemeral)
    this.#authenticate(this.#ephemeral.public)
    this.#mix(Curve.sharedKey(this.#ephemeral.private, ephemeral))
    const own = this.#encrypt(this.#identity.static.public)
    this.#mix(Curve.sharedKey(this.#identity.static.private, ephemeral))
    const payload = this.#encrypt(this.#identity.certificate)
    return proto.HandshakeMessage.encode({
      serverHello: { ephemeral: this.#ephemeral.public, static: own, payload },
    }).finish()
  }

  finish(frame: Uint8Array): Handshake {
    const last = proto.HandshakeMessage.decode(frame).clientFinish
    if (!last?.static || !last.payload) throw new ProtocolError('client finish without key or payload')
    const clientStatic = this.#decrypt(last.static)
    this.#mix(Curve.sharedKey(this.#ephemeral.private, clientStatic))
    const payload = this.#decrypt(last.payload)
    const [receiving, sending] = this.#derive(EMPTY)
    return { clientStatic, payload, transport: new Transport(sending, receiving) }
  }

  #authenticate(data: Uint8Array): void {
    this.#hash = sha256(Buffer.concat([this.#hash, data]))
  }

  #derive(material: Uint8Array): [Buffer, Buffer] {
    const keys = Buffer.from(hkdf(material, 64, { salt: this.#salt, info: '' }))
    return [keys.subarray(0, 32), keys.subarray(32)]
  }

  #mix(material: Uint8Array): void {
    const [salt, key] = this.#derive(material)
    this.#salt = salt
    this.#key = key
    this.#counter = 0
  }

  #encrypt(plaintext: Uint8Array): Buffer {
    const ciphertext = aesEncryptGCM(plaintext, this.#key, counterIv(this.#counter++), this.#hash)
    this.#authenticate(ciphertext)
    return ciphertext
  }

  #decrypt(ciphertext: Uint8Array): Buffer {
    const plaintext = aesDecryptGCM(ciphertext, this.#key, counterIv(this.#counter++), this.#hash)
    this.#authenticate(ciphertext)
    return plaintext
  }
}
