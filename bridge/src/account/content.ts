import type { Capability, Content, Poll } from '../protocol.ts'
import { BridgeError } from '../errors.ts'

/** What the schema cannot say about a message to be sent. @throws BridgeError `invalid_request`, `unsupported`. */
export function checkContent(content: Content, capabilities: Record<string, Capability>): void {
  if (!capabilities[content.kind]?.supported) {
    throw new BridgeError('unsupported', `This account cannot send a ${content.kind}`, { kind: content.kind })
  }
  if (content.kind === 'text') return required('text', content.text)
  if (content.kind !== 'poll') return
  required('question', content.question)
  for (const option of content.options) required('options', option)
  if (content.selectable > content.options.length) {
    const message = `Nobody can choose ${content.selectable} of ${content.options.length} options: lower "selectable"`
    throw new BridgeError('invalid_request', message, { field: '/content/selectable' })
  }
}

export function pollOf(content: Content): Poll | null {
  if (content.kind !== 'poll') return null
  const { question, options, selectable } = content
  return { question, options, selectable }
}

function required(field: string, text: string): void {
  if (text.trim() !== '') return
  throw new BridgeError('invalid_request', `The message has an empty ${field}: write something`, {
    field: `/content/${field}`,
  })
}
