import type { Incoming } from './incoming.ts'
import {
  type AuthenticationCreds,
  DEFAULT_CONNECTION_CONFIG,
  isPnUser,
  type SignalKeyStoreWithTransaction,
  type SignalRepositoryWithLIDStore,
  type SocketConfig,
} from './library.ts'
import type { Pairs } from './pairs.ts'
import { askByNumber, oneAtATime } from './sessions.ts'

type MakeRepository = SocketConfig['makeSignalRepository']

/** Baileys' Signal sessions with the inbox on what they decrypt and an ear on the identities they learn. */
export function makeRepository(incoming: Incoming, pairs: Pairs): MakeRepository {
  return (auth, logger, lookup) => {
    const repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository(auth, logger, lookup)
    const keys = auth.keys as SignalKeyStoreWithTransaction
    oneAtATime(keys, auth.creds as AuthenticationCreds)
    askByNumber(repository)
    const { lidMapping } = repository
    const store = lidMapping.storeLIDPNMappings.bind(lidMapping)
    lidMapping.storeLIDPNMappings = (found) => store(pairs.learn(found))
    return {
      ...repository,
      decryptMessage: (options) =>
        incoming.decrypt(keys, options.jid, options.ciphertext, () => repository.decryptMessage(options)),
      decryptGroupMessage: (options) =>
        incoming.decrypt(keys, options.group, options.msg, () => repository.decryptGroupMessage(options)),
      injectE2ESession: (options) =>
        keys.transaction(async () => {
          await repository.injectE2ESession(options)
          await keepIdentity(repository, keys, options.jid, options.session.identityKey)
        }, options.jid),
    }
  }
}

/** Baileys keeps the identities of those who write first only, so nobody would notice when somebody written to has another one. */
async function keepIdentity(
  repository: SignalRepositoryWithLIDStore,
  keys: SignalKeyStoreWithTransaction,
  jid: string,
  identity: Uint8Array,
): Promise<void> {
  const lid = isPnUser(jid) ? await repository.lidMapping.getLIDForPN(jid) : null
  const address = repository.jidToSignalProtocolAddress(lid ?? jid)
  const { [address]: known } = await keys.get('identity-key', [address])
  if (!known || !Buffer.from(known).equals(identity)) await keys.set({ 'identity-key': { [address]: identity } })
}
