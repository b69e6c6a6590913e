/**
 * Makes signatures count. Baileys 7.0.0-rc14 drops the answer of libsignal's check, which returns `false` instead of throwing: server
 * certificates, accounts and peers' signed keys would all pass. Must run before Baileys is imported, which copies the function.
 */
import { createRequire } from 'node:module'

type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

const baileys = createRequire(import.meta.url).resolve('baileys')
const curve = createRequire(baileys)('libsignal/src/curve.js') as { verifySignature: Verify }
const verify = curve.verifySignature

curve.verifySignature = (publicKey, message, signature) => {
  if (!verify(publicKey, message, signature)) throw new Error('Invalid signature')
  return true
}
