import { type Fact, known } from '../../fact.ts'
import { ANY_HEADERS, receivedHeader } from '../../received-headers.ts'
import { toBytes } from '../../regex.ts'
import type { RequestRecord } from './request.ts'

/** The value of a request header as bytes; empty where it is not sent, unknown where nobody knows the headers. */
export function headerValue({ walk: { request } }: RequestRecord, name: string): Fact<string> {
  if (name.toLowerCase() === 'host') return known(toBytes(request.host ?? ''))
  const value = receivedHeader(request.headers ?? ANY_HEADERS, name)
  return value.known ? known(toBytes(value.value), value.at) : value
}
