import { type Fact, known, unknown } from './fact.ts'

/** The request headers that a server receives, as far as anybody knows them. */
export interface ReceivedHeaders {
  /** By lower-case name, `host` left out; null for a value that is not known. */
  readonly values: ReadonlyMap<string, string | null>
  /** False where a client may have sent any other. */
  readonly complete: boolean
}

/** Those of a client that sends nothing but `Host`. */
export const NO_HEADERS: ReceivedHeaders = { values: new Map(), complete: true }

/** Those of some client of whom nothing is known. */
export const ANY_HEADERS: ReceivedHeaders = { values: new Map(), complete: false }

/** The value of a header: empty where it is not sent, unknown where nobody knows. */
export function receivedHeader({ values, complete }: ReceivedHeaders, name: string): Fact<string> {
  const value = values.get(name.toLowerCase())
  if (typeof value === 'string') return known(value)
  if (value === undefined && complete) return known('')
  return unknown(`the client's \`${name}\` header is not known here`)
}

/** True where the header is surely not there. */
export function lacksHeader(headers: ReceivedHeaders, name: string): boolean {
  const value = receivedHeader(headers, name)
  return value.known && value.value === ''
}
