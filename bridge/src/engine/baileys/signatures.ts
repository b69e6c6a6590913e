/**
 * Makes signatures count. Baileys 7.0.0-rc14 and libsignal 6 drop the answer of the check, which returns `false` instead of throwing: server
 * certificates, accounts and peers' signed keys would all pass.
 */
import { Curve, generateSignalPubKey } from 'baileys'
import curve from 'libsignal/src/curve.js'

type Verify = typeof curve.verifySignature

// What libsignal's own files call; who imports it by name has the answer still.
const library = curve as { verifySignature: Verify }
const verify = library.verifySignature

library.verifySignature = (publicKey, message, signature) => {
  if (!verify(publicKey, message, signature)) throw new Error('Invalid signature')
  return true
}

Curve.verify = (publicKey, message, signature) => {
  try {
    return verify(generateSignalPubKey(publicKey), message, signature)
  } catch {
    return false
  }
}
