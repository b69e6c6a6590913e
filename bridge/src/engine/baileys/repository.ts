import type { Inbox } from './inbox.ts'
import { DEFAULT_CONNECTION_CONFIG, type SignalKeyStoreWithTransaction, type SocketConfig } from './library.ts'
import type { Pairs } from './pairs.ts'

type MakeRepository = SocketConfig['makeSignalRepository']
type LidMapping = ReturnType<MakeRepository>['lidMapping']

/** Baileys' Signal sessions with the inbox on what they decrypt and an ear on the identities they learn. */
export function makeRepository(inbox: Inbox, pairs: Pairs): MakeRepository {
  return (auth, logger, lookup) => {
    const repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, lookup)
    const keys = auth.keys as SignalKeyStoreWithTransaction
    const { lidMapping } = repository
    const store = lidMapping.storeLIDPNMappings.bind(lidMapping)
    lidMapping.storeLIDPNMappings = (found) => store(pairs.learn(found))
    askByNumber(lidMapping)
    return {
      ...repository,
      decryptMessage: (options) =>
        inbox.decrypt(keys, options.jid, options.ciphertext, () => repository.decryptMessage(options)),
      decryptGroupMessage: (options) =>
        inbox.decrypt(keys, options.group, options.msg, () => repository.decryptGroupMessage(options)),
    }
  }
}

/** Baileys asks for keys by LID only: for whoever has none it would ask for nothing, and resend what cannot be read in the session that is broken. */
function askByNumber(lidMapping: LidMapping): void {
  const known = lidMapping.getLIDsForPNs.bind(lidMapping)
  lidMapping.getLIDForPN = async (pn) => (await known([pn]))?.[0]?.lid ?? null
  // Only what asks for keys calls this one.
  lidMapping.getLIDsForPNs = async (pns) => {
    const found = (await known(pns)) ?? []
    const others = pns.filter((pn) => !found.some((pair) => pair.pn === pn))
    return [...found, ...others.map((pn) => ({ pn, lid: pn }))]
  }
}
