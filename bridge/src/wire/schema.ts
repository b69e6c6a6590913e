/** What the schemas of the wire are made of. */
import Type, { type TProperties, type TSchema } from 'typebox'

export const object = <P extends TProperties>(properties: P) => Type.Object(properties)
export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()])
export const text = (maxLength: number, minLength = 1) => Type.String({ minLength, maxLength })
export const strings = <const V extends readonly string[]>(...values: V) => Type.Enum<[...V]>([...values])
export const integer = (minimum: number, maximum?: number) =>
  Type.Integer({ minimum, ...(maximum !== undefined && { maximum }) })
/** Seconds since 1970, as WhatsApp states them. */
export const timestamp = Type.Number()
