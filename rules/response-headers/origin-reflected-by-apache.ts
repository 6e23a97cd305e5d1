import { isUnknownWord, type Place } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { scopeOf } from '../../src/servers/apache/queries/directives-in.ts'
import type { ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { type HeaderLine, headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { substitute } from '../../src/servers/apache/requests/url-text.ts'
import { compilePcre } from '../../src/servers/regex.ts'
import { servedHtaccess } from '../_examples.ts'
import { foreignOrigin } from './_foreign-origin.ts'

const site = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName api.example.org
      DocumentRoot /srv/www
      ${lines}
  </VirtualHost>
`
const WITH_COOKIES = 'Header set Access-Control-Allow-Credentials true'

export default defineRule({
  summary: 'CORS of Apache lets the pages of any site read the answers',
  severity: 'warning',
  otherSeverities: {
    error: 'where cookies are allowed with it',
    info: 'where any origin is meant and no cookie goes with it, which `*` says as well',
  },
  confidence: 'high',
  ofLoneHtaccess: true,
  securitySeverity: 7.1,
  cwe: [942],
  since: '0.1.0',
  why: '`SetEnvIf Origin` looks for its pattern anywhere in the header: without `^https://` and `$`, or with `.*` in front of the domain, it takes sites whose name only looks like one’s own. With `Access-Control-Allow-Credentials` their pages act with the cookies of the client.',
  remedy: 'Compare the whole origin: `SetEnvIf Origin "^https://([a-z0-9-]+\\.)?example\\.org$" ORIGIN=$0`',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_setenvif.html#setenvif',
    'https://developer.mozilla.org/docs/Web/HTTP/Guides/CORS',
  ],
  bad: [
    {
      title: 'any origin, with cookies',
      files: {
        'site.conf': site(conf`
          SetEnvIf Origin «"^(.*)$"» ORIGIN=$1
          Header always set Access-Control-Allow-Origin "%{ORIGIN}e" env=ORIGIN
          Header always set Access-Control-Allow-Credentials "true"
        `),
      },
    },
    {
      title: 'any letters in front of the domain',
      files: servedHtaccess(conf`
        SetEnvIf Origin «"^https?://.*example\.org$"» ORIGIN=$0
        Header set Access-Control-Allow-Origin %{ORIGIN}e env=ORIGIN
        ${WITH_COOKIES}
      `),
    },
    {
      title: 'a pattern without an end, that takes the rest as well',
      files: {
        'site.conf': site(conf`
          SetEnvIfNoCase Origin «"https://www\.example\.org.*"» ALLOWED=$0
          Header add Access-Control-Allow-Origin %{ALLOWED}e env=ALLOWED
        `),
      },
    },
    {
      title: 'a variable that is asked for beside the one with the origin',
      files: {
        'site.conf': site(conf`
          SetEnvIf Origin «"example\.org"» IS_KNOWN
          SetEnvIf Origin "(.*)" ORIGIN=$1
          Header set Access-Control-Allow-Origin "%{ORIGIN}e" env=IS_KNOWN
          ${WITH_COOKIES}
        `),
      },
    },
  ],
  good: [
    {
      title: 'the whole origin is compared',
      files: {
        'site.conf': site(conf`
          SetEnvIf Origin "^https?://(www\.|shop\.)?example\.(org|net)(:\d+)?$" ORIGIN=$0
          Header set Access-Control-Allow-Origin %{ORIGIN}e env=ORIGIN
          ${WITH_COOKIES}
        `),
      },
    },
    {
      title: 'what is sent back is the part that matched, which is not the origin of another site',
      files: {
        'site.conf': site(conf`
          SetEnvIf Origin "https?://(www\.)?example\.org" ORIGIN=$0
          Header set Access-Control-Allow-Origin %{ORIGIN}e env=ORIGIN
          ${WITH_COOKIES}
        `),
      },
    },
    {
      title: 'a variable that is asked for, and compares the whole origin',
      files: {
        'site.conf': site(conf`
          SetEnvIf Origin "^https://www\.example\.org$" IS_KNOWN
          SetEnvIf Origin "(.*)" ORIGIN=$1
          Header set Access-Control-Allow-Origin "%{ORIGIN}e" env=IS_KNOWN
          ${WITH_COOKIES}
        `),
      },
    },
    {
      title: 'a variable that is taken away again',
      files: {
        'site.conf': site(conf`
          SetEnvIf Origin "(.*)" ORIGIN=$1
          SetEnvIf Origin "^(?!https://www\.example\.org$)" !ORIGIN
          Header set Access-Control-Allow-Origin %{ORIGIN}e env=ORIGIN
          ${WITH_COOKIES}
        `),
      },
    },
    {
      title: 'an origin that is set in another place, and everybody without cookies',
      files: {
        'site.conf': site(conf`
          <Location /open>
              SetEnvIf Origin "(.*)" ORIGIN=$1
              Header set Access-Control-Allow-Origin "*"
          </Location>
          <Location /api>
              Header set Access-Control-Allow-Origin %{ORIGIN}e env=ORIGIN
              ${WITH_COOKIES}
          </Location>
        `),
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const named = (name: string) => everywhere(configuration, filesOf(configuration), name)
      const headers = named('header')
        .map(headerLine)
        .filter(line => line !== null)
      for (const line of headers) {
        const variable = variableSent(line)
        if (variable === null) continue
        const around = scopesOf(line.directive)
        const sets = SETTERS.flatMap(named).filter(each => around.has(scopeOf(each)))
        const fault = faultOf(sets, variable, line.condition)
        if (fault === null) continue
        const withCookies = headers.some(
          other => isCredentials(other) && around.has(scopeOf(other.directive)),
        )
        yield {
          at: fault.at,
          severity: withCookies ? 'error' : fault.isAny ? 'info' : 'warning',
          message: `the origin \`${fault.origin}\` is let in, as any other site ${fault.isAny ? 'is' : 'of such a name'}`,
          label: fault.isAny ? 'whoever asks' : 'matches more than is meant',
          related: line.valueAt === null ? [] : [{ at: line.valueAt, message: 'sent back' }],
        }
      }
    }
  },
})

const SETTERS = ['setenvif', 'setenvifnocase']
const SENDING = new Set(['set', 'add', 'append', 'merge', 'setifempty'])

/** The variable whose value is the whole of `Access-Control-Allow-Origin`; null for anything else. */
function variableSent({ name, action, value }: HeaderLine): string | null {
  if (name.toLowerCase() !== 'access-control-allow-origin' || !SENDING.has(action)) return null
  return /^%\{([^}]+)\}e$/.exec(value ?? '')?.[1] ?? null
}

function isCredentials({ name, value }: HeaderLine): boolean {
  return name.toLowerCase() === 'access-control-allow-credentials' && value?.toLowerCase() === 'true'
}

/** The scopes whose lines hold where a line stands: its own and those around it. */
function scopesOf(directive: ApacheDirective): ReadonlySet<object> {
  const scopes = new Set<object>([directive.source])
  for (let { parent } = directive; parent !== null; { parent } = parent) scopes.add(parent)
  return scopes
}

interface Setting {
  readonly directive: ApacheDirective
  readonly pattern: string
  readonly caseless: boolean
  readonly value: string
}

/** The lines that set a variable by the header `Origin`; null where something else has a say as well. */
function settingsOf(sets: readonly ApacheDirective[], variable: string): readonly Setting[] | null {
  const found: Setting[] = []
  for (const directive of sets) {
    const [attribute, pattern, ...words] = directive.args.map(({ value }) => value)
    for (const word of words) {
      const [, name, value = '1'] = /^([^=]*)(?:=(.*))?$/s.exec(word) ?? []
      if (name === `!${variable}` || (name === variable && value.startsWith('!'))) return null
      if (name !== variable) continue
      if (attribute?.toLowerCase() !== 'origin' || pattern === undefined || isUnknownWord(pattern))
        return null
      found.push({ directive, pattern, caseless: /nocase$/i.test(directive.name), value })
    }
  }
  return found
}

interface Fault {
  readonly at: Place
  readonly origin: string
  readonly isAny: boolean
}

function faultOf(sets: readonly ApacheDirective[], variable: string, condition: string | null): Fault | null {
  const values = settingsOf(sets, variable)
  if (values === null || values.length === 0) return null
  const asked = condition === null ? variable : /^env=([\w-]+)$/.exec(condition)?.[1]
  if (asked === undefined) return null
  const deciding = asked === variable ? values : settingsOf(sets, asked)
  for (const { directive, pattern, caseless } of deciding ?? []) {
    const isSentBack = (origin: string): boolean => values.some(value => valueFor(value, origin) === origin)
    const at = argumentPlace(directive, 1)
    const any = 'https://evil.example'
    if (compilePcre(pattern, { caseless })?.test(any) === true && isSentBack(any))
      return { at, origin: any, isAny: true }
    const origin = foreignOrigin(pattern, caseless, isSentBack)
    if (origin !== null) return { at, origin, isAny: false }
  }
  return null
}

/** What a line makes of an origin; null where it sets nothing. */
function valueFor({ pattern, caseless, value }: Setting, origin: string): string | null {
  const match = compilePcre(pattern, { caseless })?.match(origin)
  return match === null || match === undefined ? null : substitute(value, match.captures)
}
