import type { BinaryNode } from 'baileys'

import { ProtocolError } from './errors.ts'

/** The server's own address. The `@` matters: without it the address is a token and Baileys does not recognise it. */
export const SERVER = '@s.whatsapp.net'

/** Makes a stanza; attributes that are `undefined` are left out. */
export function node(
  tag: string,
  attrs: Record<string, string | undefined> = {},
  content?: BinaryNode['content'],
): BinaryNode {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(attrs)) if (value !== undefined) given[name] = value
  return content === undefined ? { tag, attrs: given } : { tag, attrs: given, content }
}

export function children(parent: BinaryNode | undefined, tag?: string): BinaryNode[] {
  const all = Array.isArray(parent?.content) ? parent.content : []
  return tag === undefined ? all : all.filter((one) => one.tag === tag)
}

export function child(parent: BinaryNode | undefined, tag?: string): BinaryNode | undefined {
  return children(parent, tag)[0]
}

/** @throws ProtocolError when there is no such child. */
export function requireChild(parent: BinaryNode, tag: string): BinaryNode {
  const found = child(parent, tag)
  if (found === undefined) throw new ProtocolError(`<${parent.tag}> without <${tag}>`)
  return found
}

/** @throws ProtocolError when the attribute is missing. */
export function requireAttr(of: BinaryNode, name: string): string {
  const value = of.attrs[name]
  if (value === undefined) throw new ProtocolError(`<${of.tag}> without ${name}`)
  return value
}

/** The bytes of a stanza; the decoder gives short texts as strings. */
export function bytesOf(of: BinaryNode): Buffer {
  if (typeof of.content === 'string') return Buffer.from(of.content)
  if (of.content instanceof Uint8Array) return Buffer.from(of.content)
  throw new ProtocolError(`<${of.tag}> holds no bytes`)
}

export function childBytes(parent: BinaryNode, tag: string): Buffer {
  return bytesOf(requireChild(parent, tag))
}

export function childUint(parent: BinaryNode, tag: string): number {
  const bytes = childBytes(parent, tag)
  if (bytes.length < 1 || bytes.length > 6) throw new ProtocolError(`<${tag}> is not a number`)
  return bytes.readUIntBE(0, bytes.length)
}

export function now(): string {
  return String(Math.floor(Date.now() / 1000))
}
