import { GROUPS } from './groups.ts'
import { MEDIA } from './media.ts'
import { MESSAGES } from './messages.ts'
import { PHONES } from './phones.ts'
import { SERVER } from './server.ts'
import { SOCIAL } from './social.ts'
import type { Verbs } from './verb.ts'
import { WRITING } from './writing.ts'

/** All verbs of the control API by name. */
export const VERBS: Verbs = { ...PHONES, ...MESSAGES, ...WRITING, ...MEDIA, ...GROUPS, ...SERVER, ...SOCIAL }
