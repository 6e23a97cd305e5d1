import { type Fact, known, unknown } from '../../fact.ts'
import { toBytes } from '../../regex.ts'
import type { RequestRecord } from './request.ts'

/** The value of a request header as bytes; empty where it is not sent, unknown where nobody knows the headers. */
export function headerValue({ walk: { request } }: RequestRecord, name: string): Fact<string> {
  const lower = name.toLowerCase()
  if (lower === 'host') return known(toBytes(request.host ?? ''))
  if (request.headers === undefined) return unknown(`the client's \`${name}\` header is not known here`)
  return known(toBytes(request.headers.get(lower) ?? ''))
}
