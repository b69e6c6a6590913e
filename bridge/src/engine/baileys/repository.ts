import type { Inbox } from './inbox.ts'
import { DEFAULT_CONNECTION_CONFIG, type SignalKeyStoreWithTransaction, type SocketConfig } from './library.ts'
import type { Pairs } from './pairs.ts'

type MakeRepository = SocketConfig['makeSignalRepository']

/** Baileys' Signal sessions with the inbox on what they decrypt and an ear on the identities they learn. */
export function makeRepository(inbox: Inbox, pairs: Pairs): MakeRepository {
  return (auth, logger, lookup) => {
    const repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, lookup)
    const keys = auth.keys as SignalKeyStoreWithTransaction
    const { lidMapping } = repository
    const store = lidMapping.storeLIDPNMappings.bind(lidMapping)
    lidMapping.storeLIDPNMappings = (found) => store(pairs.learn(found))
    return {
      ...repository,
      decryptMessage: (options) =>
        inbox.decrypt(keys, options.jid, options.ciphertext, () => repository.decryptMessage(options)),
      decryptGroupMessage: (options) =>
        inbox.decrypt(keys, options.group, options.msg, () => repository.decryptGroupMessage(options)),
    }
  }
}
