/**
 * Makes a failed decryption leave no trace. There may be several sessions with one device, and libsignal tries them in turn: its attempt moves the
 * ratchet of each before it finds that the message is not of this one, and the spoilt sessions are kept with the one that fitted. Must run
 * before anything is decrypted.
 */
import { SessionCipher } from 'libsignal'

interface Session {
  serialize(): object
  constructor: { deserialize(data: object): Session }
}
interface Cipher {
  doDecryptWhisperMessage: (this: Cipher, message: Uint8Array, session: Session | undefined) => Promise<Uint8Array>
}

const { prototype } = SessionCipher as unknown as { prototype: Cipher }
const decrypt = prototype.doDecryptWhisperMessage

prototype.doDecryptWhisperMessage = async function (message, session) {
  const before = session?.serialize()
  try {
    return await Reflect.apply(decrypt, this, [message, session])
  } catch (error) {
    if (session && before) Object.assign(session, session.constructor.deserialize(before))
    throw error
  }
}
