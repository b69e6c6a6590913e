import { createRequire } from 'node:module'

interface Curve {
  verifySignature: (...args: unknown[]) => boolean
}

// Baileys takes any signature for good, because libsignal says "no" by returning false. Imported before Baileys, this makes it count.
const curve = createRequire(createRequire(import.meta.url).resolve('libsignal'))('./src/curve.js') as Curve
const { verifySignature } = curve
export let verified = 0
curve.verifySignature = (...args) => {
  if (!verifySignature(...args)) throw new Error('wrong signature')
  verified++
  return true
}
