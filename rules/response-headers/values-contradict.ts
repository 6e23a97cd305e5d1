import type { Place } from '../../parsers/text/source.ts'
import { certainHosts } from '../../src/deployment/hosts-of-connection.ts'
import type { ApacheHost, Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { nginxMain, proxiedServer } from '../_examples.ts'
import { schemeSeen, usesMiddleware } from '../django/_behind-nginx.ts'
import { type DjangoConnection, djangoConnections } from '../django/_connections.ts'
import { djangoBehindNginx, djangoInApache, TLS, TLS_HEADERS } from '../django/_examples.ts'
import { headersOfApache } from './_examples.ts'
import { addedHeaders } from './_added-headers.ts'
import { isHidden, lineOfApache } from './_sent-behind.ts'

const nginx = (lines: string): string => nginxMain(proxiedServer(lines))
const hsts = (lines: string, header: string): Record<string, string> =>
  djangoInApache({
    settings: conf`
      MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
      SECURE_HSTS_SECONDS = 3600
      ${lines}
    `,
    listen: '443 ssl',
    site: TLS,
    headers: [TLS_HEADERS, `add_header ${header} "max-age=31536000" always;`].join(''),
  })
const TRUSTED = 'SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")'
const POLICY = `Header always set Content-Security-Policy "default-src 'self'; script-src 'self' https://cdn.example.com"`

export default defineRule({
  summary: 'nginx and the backend send one header with two values that undo each other',
  severity: 'warning',
  otherSeverities: { info: 'where Django sends its `X-Frame-Options` unasked' },
  confidence: 'high',
  since: '0.1.0',
  why: '`add_header` does not replace what the backend sends: both go out. Of two different `X-Frame-Options` browsers take the strictest (“multiple `X-Frame-Options` headers with conflicting values … Falling back to `deny`”), and of two policies they enforce both, so that nothing loads which one of them leaves out. Of two `Strict-Transport-Security` they take the first, which is the one of the backend.',
  remedy:
    'Send the header from one place: take the `add_header` away, or hide that of the backend with `proxy_hide_header`',
  references: [
    'https://html.spec.whatwg.org/multipage/document-lifecycle.html#the-x-frame-options-header',
    'https://www.w3.org/TR/CSP3/#multiple-policies',
    'https://www.rfc-editor.org/rfc/rfc6797#section-8.1',
    'https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_hide_header',
  ],
  bad: [
    {
      title: 'frames of the site itself, and none at all',
      files: {
        'etc/nginx/nginx.conf': nginx('add_header «X-Frame-Options» SAMEORIGIN always;'),
        'etc/apache2/apache2.conf': headersOfApache('Header always set X-Frame-Options DENY'),
      },
    },
    {
      title: 'a policy that leaves out what the other one permits',
      files: {
        'etc/nginx/nginx.conf': nginx(`add_header «Content-Security-Policy» "default-src 'self'" always;`),
        'etc/apache2/apache2.conf': headersOfApache(POLICY),
      },
    },
    {
      title: 'a shorter time of TLS behind',
      files: {
        'etc/nginx/nginx.conf': nginx(
          'add_header «Strict-Transport-Security» "max-age=31536000; includeSubDomains" always;',
        ),
        'etc/apache2/apache2.conf': headersOfApache(
          'Header always set Strict-Transport-Security max-age=600',
        ),
      },
    },
    {
      title: 'a shorter time of Django',
      files: hsts(TRUSTED, '«Strict-Transport-Security»'),
    },
    {
      title: 'Django, which forbids frames unless told otherwise',
      files: djangoBehindNginx({
        settings: conf`
          MIDDLEWARE = ["django.middleware.clickjacking.XFrameOptionsMiddleware"]
        `,
        headers: conf`
          proxy_set_header Host $host;
          add_header «X-Frame-Options» SAMEORIGIN;
        `,
      }),
    },
  ],
  good: [
    {
      title: 'that of the backend is hidden',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_hide_header X-Frame-Options;
          proxy_hide_header Content-Security-Policy;
          add_header X-Frame-Options SAMEORIGIN always;
          add_header Content-Security-Policy "default-src 'self'" always;
        `),
        'etc/apache2/apache2.conf': headersOfApache(conf`
          Header always set X-Frame-Options DENY
          ${POLICY}
        `),
      },
    },
    {
      title: 'the same value, and policies of different things',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          add_header X-Frame-Options sameorigin always;
          add_header Content-Security-Policy "frame-ancestors 'self'; upgrade-insecure-requests" always;
        `),
        'etc/apache2/apache2.conf': headersOfApache(conf`
          Header always set X-Frame-Options SAMEORIGIN
          ${POLICY}
        `),
      },
    },
    {
      title: 'a policy that permits the same and more',
      files: {
        'etc/nginx/nginx.conf': nginx(
          `add_header Content-Security-Policy "default-src 'self' https:; script-src 'self' https:" always;`,
        ),
        'etc/apache2/apache2.conf': headersOfApache(POLICY),
      },
    },
    { title: 'Django, which is told no scheme', files: hsts('', 'Strict-Transport-Security') },
    {
      title: 'Django is told the same',
      files: djangoBehindNginx({
        settings: conf`
          MIDDLEWARE = ["django.middleware.clickjacking.XFrameOptionsMiddleware"]
          X_FRAME_OPTIONS = "SAMEORIGIN"
        `,
        headers: conf`
          proxy_set_header Host $host;
          add_header X-Frame-Options SAMEORIGIN;
        `,
      }),
    },
  ],
  *check(deployment) {
    const adding = new Set(deployment.nginx.filter(addsOne))
    if (adding.size === 0) return
    for (const connection of deployment.connections.http) {
      const { configuration } = connection.server
      if (!adding.has(configuration)) continue
      for (const header of addedHeaders(configuration, connection.block) ?? []) {
        const undoing = UNDOING.get(header.name)
        if (undoing === undefined || header.value.includes('$') || isHidden(connection, header.name)) continue
        const other = sentBehind(deployment, connection, header.name)
        const said = other === null ? null : undoing(header.value, other.value)
        if (other === null || said === null) continue
        yield {
          at: argumentPlace(header.directive, 0),
          per: 'locations',
          ...(other.isUnasked && { severity: 'info' as const }),
          message: often => `${other.sender} sends this header too${often}: ${said}`,
          related: [
            { at: other.at, message: `\`${other.value}\`` },
            { at: argumentPlace(connection.pass, 0), message: 'proxied here' },
          ],
        }
      }
    }
  },
})

/** What two values of a header come to, the one of nginx first; null where they agree. */
const UNDOING: ReadonlyMap<string, (outer: string, inner: string) => string | null> = new Map([
  ['x-frame-options', framesRefused],
  ['content-security-policy', sourceRefused],
  ['strict-transport-security', weakenedFirst],
])

/** Browsers take the first line of the two, which is the one of the backend: `add_header` adds behind it. */
function weakenedFirst(outer: string, inner: string): string | null {
  const [one, other] = [outer, inner].map(value => ({
    age: Number(/\bmax-age\s*=\s*"?(\d+)/i.exec(value)?.[1] ?? Number.NaN),
    subdomains: /\bincludeSubDomains\b/i.test(value),
  }))
  if (one === undefined || other === undefined) return null
  return other.age < one.age || (one.subdomains && !other.subdomains)
    ? `browsers take the first of the two, which is \`${inner}\``
    : null
}

function framesRefused(outer: string, inner: string): string | null {
  const [one, other] = [outer.trim().toUpperCase(), inner.trim().toUpperCase()]
  if (one === other || !/^(?:DENY|SAMEORIGIN)$/.test(one) || !/^(?:DENY|SAMEORIGIN)$/.test(other)) return null
  return `of \`${other}, ${one}\` browsers take \`DENY\`, and show no frame`
}

/** A host that one policy permits by name and the other one does not. */
function sourceRefused(outer: string, inner: string): string | null {
  const [one, other] = [policyOf(outer), policyOf(inner)]
  const refused = firstRefused(other, one)
  if (refused !== null) return `\`${refused}\` is permitted by its policy alone, and browsers enforce both`
  const refusedBehind = firstRefused(one, other)
  return refusedBehind === null
    ? null
    : `\`${refusedBehind}\` is permitted by the policy of nginx alone, and browsers enforce both`
}

type Policy = ReadonlyMap<string, readonly string[]>

function policyOf(value: string): Policy {
  const policy = new Map<string, readonly string[]>()
  for (const part of value.split(';')) {
    const [name, ...sources] = part.trim().toLowerCase().split(/\s+/)
    // The first of two counts.
    if (name && !policy.has(name)) policy.set(name, sources)
  }
  return policy
}

/** Directives for what is fetched, which `default-src` stands for where they are not written. */
const FETCHED = /^(?:default|script|style|img|font|connect|media|frame|child|object|worker|manifest)-src$/

function firstRefused(permitting: Policy, other: Policy): string | null {
  for (const [name, sources] of permitting) {
    if (!FETCHED.test(name)) continue
    const allowed = other.get(name) ?? other.get('default-src')
    if (allowed === undefined) continue
    const host = sources.find(source => HOST.test(source) && !permits(allowed, source))
    if (host !== undefined) return `${name} ${host}`
  }
  return null
}

/** A host by its name, with or without a scheme. */
const HOST = /^(?:https?:\/\/)?[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:\/\S*)?$/

/** In doubt true: a wildcard, a scheme, or the same domain in any form. */
function permits(allowed: readonly string[], host: string): boolean {
  const name = host.replace(/^https?:\/\//, '').replace(/[:/].*$/, '')
  return allowed.some(source => {
    if (source === '*' || /^https?:$/.test(source)) return true
    const other = source.replace(/^https?:\/\//, '').replace(/[:/].*$/, '')
    return other === name || (other.startsWith('*.') && name.endsWith(other.slice(1)))
  })
}

/** True where nginx adds one of these headers at all. */
function addsOne({ occurrences }: NginxConfiguration): boolean {
  return (occurrences.get('add_header') ?? []).some(({ args }) =>
    UNDOING.has((args[0]?.value ?? '').toLowerCase()),
  )
}

interface Sent {
  readonly sender: string
  readonly value: string
  readonly at: Place
  /** True for what no line of the application asks for. */
  readonly isUnasked: boolean
}

/** Who sends the header behind a connection with every page; null where nobody is seen to. */
function sentBehind(deployment: Deployment, connection: NginxConnection, name: string): Sent | null {
  for (const host of certainHosts(deployment, connection)) {
    const sent = sentByApache(deployment, host, name)
    if (sent !== null) return sent
  }
  for (const way of djangoConnections(deployment)) {
    const sent = way.connection === connection ? sentByDjango(way, name) : null
    if (sent !== null) return sent
  }
  return null
}

/** A line that holds for every page of a virtual host. */
function sentByApache(deployment: Deployment, host: ApacheHost, name: string): Sent | null {
  const last = lineOfApache(deployment, host, name)
  if (last === undefined || last.condition !== null || last.value === null || last.value.includes('%'))
    return null
  if (!['set', 'add', 'setifempty'].includes(last.action)) return null
  return { sender: 'Apache', value: last.value, at: last.nameAt, isUnasked: false }
}

const CLICKJACKING = 'django.middleware.clickjacking.XFrameOptionsMiddleware'

function sentByDjango(way: DjangoConnection, name: string): Sent | null {
  if (name === 'strict-transport-security') return hstsOfDjango(way)
  const { settings } = way
  const middleware = settings.get('MIDDLEWARE')
  if (name !== 'x-frame-options' || middleware?.at == null || usesMiddleware(settings, CLICKJACKING) !== true)
    return null
  const option = settings.get('X_FRAME_OPTIONS')
  if (option === null) return { sender: 'Django', value: 'DENY', at: middleware.at, isUnasked: true }
  if (!option.known || typeof option.value !== 'string' || option.at === null) return null
  return { sender: 'Django', value: option.value, at: option.at, isUnasked: false }
}

/** Django sends it with what it takes for https. */
function hstsOfDjango(way: DjangoConnection): Sent | null {
  const { settings } = way
  const seconds = settings.get('SECURE_HSTS_SECONDS')
  const subdomains = settings.get('SECURE_HSTS_INCLUDE_SUBDOMAINS')
  if (seconds?.known !== true || seconds.at === null || typeof seconds.value !== 'number') return null
  if (seconds.value <= 0 || subdomains?.known === false || schemeSeen(way) !== 'https') return null
  if (usesMiddleware(settings, 'django.middleware.security.SecurityMiddleware') !== true) return null
  const value = `max-age=${seconds.value}${subdomains?.value === true ? '; includeSubDomains' : ''}`
  return { sender: 'Django', value, at: seconds.at, isUnasked: false }
}
