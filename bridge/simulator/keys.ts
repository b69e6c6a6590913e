import { type BinaryNode, encodeBigEndian, KEY_BUNDLE_TYPE } from 'baileys'

import { child, childBytes, children, childUint, node, now, requireChild } from './nodes.ts'

interface PublicKey {
  id: number
  value: Uint8Array
}

/** What others need to start a Signal session with a device; each one-time key serves once. */
export interface KeyBundle {
  registrationId: number
  identity: Uint8Array
  signedKey: PublicKey & { signature: Uint8Array }
  oneTimeKeys: PublicKey[]
}

/** A bundle as handed to one asker: with one one-time key, or none when they ran out. */
export interface HandedBundle extends Omit<KeyBundle, 'oneTimeKeys'> {
  oneTimeKey: PublicKey | undefined
}

/** Takes the next one-time key out of a bundle. */
export function handOut({ oneTimeKeys, ...rest }: KeyBundle): HandedBundle {
  return { ...rest, oneTimeKey: oneTimeKeys.shift() }
}

function readKey(of: BinaryNode): PublicKey {
  return { id: childUint(of, 'id'), value: childBytes(of, 'value') }
}

export function readSignedKey(of: BinaryNode): KeyBundle['signedKey'] {
  const skey = requireChild(of, 'skey')
  return { ...readKey(skey), signature: childBytes(skey, 'signature') }
}

/** Reads what a client uploads. */
export function readBundle(of: BinaryNode): KeyBundle {
  return {
    registrationId: childUint(of, 'registration'),
    identity: childBytes(of, 'identity'),
    signedKey: readSignedKey(of),
    oneTimeKeys: children(child(of, 'list'), 'key').map(readKey),
  }
}

function keyNodes(tag: string, key: PublicKey, extra: BinaryNode[] = []): BinaryNode {
  return node(tag, {}, [node('id', {}, encodeBigEndian(key.id, 3)), node('value', {}, key.value), ...extra])
}

/** A bundle as the answer to `encrypt/key`. */
export function bundleNode(jid: string, bundle: HandedBundle): BinaryNode {
  const { signedKey, oneTimeKey } = bundle
  return node('user', { jid, t: now() }, [
    node('registration', {}, encodeBigEndian(bundle.registrationId)),
    node('type', {}, KEY_BUNDLE_TYPE),
    node('identity', {}, bundle.identity),
    keyNodes('skey', signedKey, [node('signature', {}, signedKey.signature)]),
    ...(oneTimeKey ? [keyNodes('key', oneTimeKey)] : []),
  ])
}
