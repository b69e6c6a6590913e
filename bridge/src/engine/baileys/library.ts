/** The one door to Baileys. What has to happen before it is loaded happens here, in this order. */
import '../../log.ts'
import './signatures.ts'
import './ratchet.ts'

export * from 'baileys'
export { extractGroupMetadata } from 'baileys/lib/Socket/groups.js'
