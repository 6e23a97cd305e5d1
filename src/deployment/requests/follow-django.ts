import type { ReceivedHeaders } from '../../servers/received-headers.ts'
import { lacksHeader, receivedHeader } from '../../servers/received-headers.ts'
import { matchesHost } from '../django/allowed-hosts.ts'
import type { DjangoSettings } from '../django/settings.ts'
import type { RequestStep } from './answer.ts'
import { Steps } from './answer.ts'

/** A request as its server hands it to Django. */
export interface DjangoArrival {
  /** `HTTP_HOST`; null where there is none, undefined where it is not known. */
  readonly host: string | null | undefined
  readonly headers: ReceivedHeaders
  /** `wsgi.url_scheme`; null where it is not known. */
  readonly scheme: 'http' | 'https' | null
  /** `REMOTE_ADDR`, empty for a Unix socket; null where it is not known. */
  readonly client: string | null
}

/**
 * What Django believes of a request: its scheme, its host and the address of its client.
 * https://docs.djangoproject.com/en/stable/ref/request-response/
 */
export function followDjango(settings: DjangoSettings, arrival: DjangoArrival): readonly RequestStep[] {
  const steps = new Steps('django')
  believeScheme(settings, arrival, steps)
  believeHost(settings, arrival, steps)
  believeClient(arrival, steps)
  return steps.list
}

function believeScheme(settings: DjangoSettings, { headers, scheme }: DjangoArrival, steps: Steps): void {
  const fact = settings.get('SECURE_PROXY_SSL_HEADER')
  if (fact !== null && !fact.known) {
    steps.doubt('scheme: `SECURE_PROXY_SSL_HEADER` decides it, and its value is not known', fact.at)
    return
  }
  const [variable, secure] = Array.isArray(fact?.value) ? (fact.value as readonly unknown[]) : []
  if (typeof variable === 'string' && typeof secure === 'string') {
    const name = headerOf(variable)
    const at = fact?.at ?? null
    if (name === null || lacksHeader(headers, name)) {
      const missing = name === null ? `\`${variable}\` is no name of a header` : `no ${name} is sent`
      steps.add(`scheme: ${missing}, so it is ${scheme ?? 'what the server says'}`, at)
      return
    }
    const value = receivedHeader(headers, name)
    if (!value.known) {
      steps.doubt(`scheme: ${name} decides it, and its value is not known`, at)
      return
    }
    // The first of several values counts.
    const isSecure = value.value.split(',')[0]?.trim() === secure
    steps.add(`scheme: ${isSecure ? 'https' : 'http'}, for ${name} is \`${value.value}\``, at)
    return
  }
  if (scheme === null) steps.doubt('scheme: what the server says, which is not known', null)
  else steps.add(`scheme: ${scheme}, as the server says`, null)
}

/** `X-Forwarded-Proto` of `HTTP_X_FORWARDED_PROTO`; null for what no header becomes. */
function headerOf(variable: string): string | null {
  if (!variable.startsWith('HTTP_')) return null
  return variable
    .slice('HTTP_'.length)
    .toLowerCase()
    .replace(/(?:^|_)(.)/g, (all, first: string) => `${all.length > 1 ? '-' : ''}${first.toUpperCase()}`)
}

function believeHost(settings: DjangoSettings, { host, headers }: DjangoArrival, steps: Steps): void {
  const uses = settings.get('USE_X_FORWARDED_HOST')
  if (uses !== null && !uses.known) {
    steps.doubt('host: `USE_X_FORWARDED_HOST` decides where it is read, and is not known', uses.at)
    return
  }
  const isForwarded = uses !== null && Boolean(uses.value) && !lacksHeader(headers, 'x-forwarded-host')
  const forwarded = receivedHeader(headers, 'x-forwarded-host')
  const name = isForwarded ? (forwarded.known ? forwarded.value : undefined) : (host ?? undefined)
  const source = isForwarded ? 'X-Forwarded-Host' : 'Host'
  if (name === undefined) {
    steps.doubt(`host: ${source}, whose value is not known`, uses?.at ?? null)
    return
  }
  const allowed = settings.get('ALLOWED_HOSTS')
  const verdict = isAllowed(settings, name)
  const refused = verdict === false ? ', which `ALLOWED_HOSTS` does not have: 400' : ''
  const at = verdict === false || uses === null ? (allowed?.at ?? null) : uses.at
  steps.add(`host: ${name}, from ${source}${refused}`, at)
}

/** Whether `validate_host` takes a host; null where the list is not known, or Django takes names of its own. */
function isAllowed(settings: DjangoSettings, name: string): boolean | null {
  const debug = settings.get('DEBUG')
  const fact = settings.get('ALLOWED_HOSTS')
  if (fact?.known !== true || !Array.isArray(fact.value)) return null
  const host = name.toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '')
  const patterns: readonly unknown[] = fact.value
  if (patterns.some(pattern => typeof pattern !== 'string')) return null
  const isThere = (patterns as readonly string[]).some(each => matchesHost(host, each.toLowerCase()))
  if (isThere) return true
  return debug === null || (debug.known && !debug.value) ? false : null
}

function believeClient({ client, headers }: DjangoArrival, steps: Steps): void {
  if (client === null) {
    steps.doubt('client: `REMOTE_ADDR`, which is not known', null)
    return
  }
  const address = client === '' ? 'no address, for a Unix socket has none' : client
  const told = headers.values.get('x-forwarded-for')
  const more = told === undefined || told === '' ? '' : ', and X-Forwarded-For for code that reads it'
  steps.add(`client: ${address} (\`REMOTE_ADDR\`)${more}`, null)
}
