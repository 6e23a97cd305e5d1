import { type Fact, known, unknown } from '../../fact.ts'
import { lacksHeader } from '../../received-headers.ts'
import { toBytes } from '../../regex.ts'
import { documentRoot } from './document-root.ts'
import { environmentValue } from './environment.ts'
import { headerValue } from './header-value.ts'
import { requestScheme, serverName, serverPort } from './named-host.ts'
import type { RequestRecord } from './request.ts'
import { settingFor } from './settings.ts'

const HEADERS: Readonly<Record<string, string>> = {
  HTTP_ACCEPT: 'accept',
  HTTP_COOKIE: 'cookie',
  HTTP_FORWARDED: 'forwarded',
  HTTP_REFERER: 'referer',
  HTTP_USER_AGENT: 'user-agent',
  HTTP_PROXY_CONNECTION: 'proxy-connection',
}

/** A variable that mod_rewrite and the expressions of httpd share, in upper case; undefined where there is none. */
export function sharedVariable(record: RequestRecord, name: string): Fact<string> | undefined {
  const header = HEADERS[name]
  if (header !== undefined) return headerValue(record, header)
  const { walk } = record
  const { request } = walk
  switch (name) {
    case 'HTTPS':
      return known(request.scheme === 'https' ? 'on' : 'off')
    case 'HTTP_HOST':
      return headerValue(record, 'host')
    case 'REQUEST_SCHEME':
      return known(requestScheme(record))
    case 'REQUEST_URI':
      return known(record.uri)
    case 'REQUEST_FILENAME':
    case 'SCRIPT_FILENAME':
      return known(record.filename ?? '')
    case 'REQUEST_METHOD':
      return known(record.method)
    case 'QUERY_STRING':
      return known(record.args ?? '')
    case 'PATH_INFO':
      return known(record.pathInfo)
    case 'DOCUMENT_ROOT':
      return documentRoot(record.walk)
    case 'CONTEXT_PREFIX':
      return known(record.context?.prefix ?? '')
    case 'CONTEXT_DOCUMENT_ROOT':
      return record.context === null ? documentRoot(record.walk) : known(record.context.root)
    case 'SERVER_NAME':
      return serverName(record)
    case 'SERVER_PORT': {
      const port = serverPort(record)
      return port.known ? known(String(port.value), port.at) : port
    }
    case 'SERVER_PROTOCOL':
      return known('HTTP/1.1')
    case 'SERVER_ADDR':
      return request.address?.kind === 'ip' ? known(request.address.ip) : notKnown(name)
    case 'REMOTE_ADDR':
      return clientAddress(record)
    case 'CONN_REMOTE_ADDR':
      return request.client === undefined ? notKnown(name) : known(request.client)
    case 'IPV6': {
      const client = clientAddress(record)
      return client.known ? known(client.value.includes(':') ? 'on' : 'off') : client
    }
    case 'THE_REQUEST':
      return known(`${request.method} ${toBytes(request.target)} HTTP/1.1`)
    case 'IS_SUBREQ':
      return known(record.main === null ? 'false' : 'true')
    case 'AUTH_TYPE':
    case 'REMOTE_USER':
    case 'REMOTE_IDENT':
      return request.headers !== undefined && lacksHeader(request.headers, 'authorization')
        ? known('')
        : notKnown(name)
    case 'SERVER_ADMIN': {
      const admin = settingFor(record, 'ServerAdmin')
      return admin.known && admin.value !== null ? known(toBytes(admin.value)) : notKnown(name)
    }
    case 'REMOTE_HOST':
    case 'REMOTE_PORT':
    case 'SCRIPT_USER':
    case 'SCRIPT_GROUP':
    case 'SERVER_SOFTWARE':
    case 'API_VERSION':
    case 'TIME':
    case 'TIME_YEAR':
    case 'TIME_MON':
    case 'TIME_DAY':
    case 'TIME_HOUR':
    case 'TIME_MIN':
    case 'TIME_SEC':
    case 'TIME_WDAY':
      return notKnown(name)
  }
  return undefined
}

/** Behind mod_remoteip the address is what a header says. */
function clientAddress(record: RequestRecord): Fact<string> {
  const { request, configuration } = record.walk
  if (request.client === undefined) return notKnown('REMOTE_ADDR')
  const header = configuration.occurrences.has('remoteipheader') ? settingFor(record, 'RemoteIPHeader') : null
  if (header === null) return known(request.client)
  if (!header.known) return header
  if (header.value === null) return known(request.client)
  const sent = headerValue(record, header.value)
  if (!sent.known) return sent
  return sent.value === ''
    ? known(request.client)
    : unknown('`RemoteIPHeader` may replace the address', header.at)
}

/** `%{ENV:NAME}`. */
export function environmentVariable(record: RequestRecord, name: string): Fact<string> {
  return environmentValue(record, name)
}

/** `%{SSL:NAME}`: nothing on a plain connection. */
export function sslVariable({ walk: { request } }: RequestRecord, name: string): Fact<string> {
  if (name.toUpperCase() === 'HTTPS') return known(request.scheme === 'https' ? 'on' : 'off')
  return request.scheme === 'http' ? known('') : notKnown(name)
}

function notKnown(name: string): Fact<string> {
  return unknown(`the value of \`%{${name}}\` is not known here`)
}
