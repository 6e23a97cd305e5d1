import { EXISTING } from '../../src/deployment/requests/made-up-requests.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration, ApacheDirective } from '../../src/servers/apache/configuration.ts'
import { mainServerLines } from '../../src/servers/apache/queries/main-server-lines.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import {
  coversLocation,
  locationApplies,
  type SectionPattern,
  sectionPattern,
} from '../../src/servers/apache/queries/section-matches.ts'
import { apacheMain } from '../_examples.ts'
import { type Admission, admissionOf } from './_require-scopes.ts'

const main = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ProxyPass / http://127.0.0.1:9000/
          ${lines}
      </VirtualHost>
    `,
    [
      'authz_host',
      'authz_user',
      'authn_core',
      'authn_file',
      'auth_basic',
      'access_compat',
      'proxy',
      'proxy_http',
    ],
  ),
})
const OFFICE = conf`
  <Location /admin>
      Require ip 10.0.0.0/8
  </Location>
`
const EVERYBODY = conf`
  <Location />
      Require all granted
  </Location>
`
const PASSWORD = conf`
  AuthType Basic
  AuthName Shop
  AuthUserFile /etc/apache2/users
  Require valid-user
`

export default defineRule({
  summary: 'A wider Location that comes later replaces the `Require` of a narrower one',
  severity: 'error',
  otherSeverities: { warning: 'where the wider one does not let everybody in' },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [863],
  since: '0.1.0',
  why: 'Apache merges `<Directory>` by the length of the path, and `<Location>` in the order in which they are written. Of two that match a URL, the `Require` of the later one holds: `<Location />` behind `<Location /admin>` decides about `/admin` too.',
  remedy: 'Write the wider `<Location>` first',
  references: [
    'https://httpd.apache.org/docs/2.4/sections.html#merging',
    'https://httpd.apache.org/docs/2.4/mod/mod_authz_core.html#authmerging',
  ],
  bad: [
    {
      title: 'an administration that is opened',
      files: main(`${OFFICE.replace('Require', '«Require»')}${EVERYBODY}`),
    },
    {
      title: 'a password, with slashes and a path below',
      files: main(conf`
        <Location "/shop/admin/">
            ${PASSWORD.replace('Require', '«Require»')}
        </Location>
        <Location "/shop">
            Require all granted
        </Location>
      `),
    },
    {
      title: 'a network, for which a password is enough',
      files: main(conf`
        ${OFFICE.replace('Require', '«Require»')}
        <Location />
            ${PASSWORD}
        </Location>
      `),
    },
    {
      title: 'an expression, and the words of Apache 2.2',
      files: main(conf`
        <LocationMatch "^/(setup|update)\.php">
            «Order» deny,allow
            Deny from all
            Allow from 10.0.0.0/8
        </LocationMatch>
        <Location />
            Order allow,deny
            Allow from all
        </Location>
      `),
    },
    {
      title: 'what is meant to be open, behind a password',
      files: main(conf`
        <Location /public>
            «Require» all granted
        </Location>
        <Location />
            ${PASSWORD}
        </Location>
      `),
    },
  ],
  good: [
    { title: 'the wider one first', files: main(`${EVERYBODY}${OFFICE}`) },
    {
      title: 'both have to let in',
      files: main(conf`
        ${OFFICE}
        <Location />
            AuthMerging And
            Require all granted
        </Location>
      `),
    },
    {
      title: 'no Require in the later one, or the same',
      files: main(conf`
        ${OFFICE}
        <Location />
            ProxyPassReverse http://127.0.0.1:9000/
        </Location>
        <Location /static>
            Require all granted
        </Location>
        <Location /stat>
            Require all denied
        </Location>
        <Location /reports/ours>
            Require ip 10.0.0.0/8
        </Location>
        <Location /reports>
            Require ip 10.0.0.0/8
        </Location>
      `),
    },
    {
      title: 'the page of a login that is no password of Apache',
      files: main(conf`
        <Location /login>
            Require all granted
        </Location>
        <Location />
            AuthType openid-connect
            Require valid-user
        </Location>
      `),
    },
    {
      title: 'one behind both that decides',
      files: main(`${OFFICE}${EVERYBODY}${OFFICE}`),
    },
    {
      title: 'another condition decides in between',
      files: main(conf`
        ${OFFICE}
        <Location />
            <Limit POST>
                Require all denied
            </Limit>
        </Location>
      `),
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      for (const sections of locationsByHolder(configuration)) {
        for (const [index, narrow] of sections.entries()) {
          if (!narrow.isPlain || narrow.section.children.some(isStatusPage)) continue
          const asked = urlsOf(narrow.pattern)
          const last = sections.findLast(
            (later, at) => at > index && later.module === narrow.module && mayHold(later.pattern, asked),
          )
          if (last === undefined || !last.isPlain || last.words === narrow.words) continue
          if (!isWider(last.pattern, narrow.pattern) || !isReported(narrow, last)) continue
          const opens = last.letIn === 'everybody'
          yield {
            at: namePlace(narrow.lines[0]!),
            ...(!opens && { severity: 'warning' as const }),
            message: `\`<Location ${last.pattern.text}>\` comes later and matches \`${narrow.pattern.text}\` too, so its \`${last.words}\` holds there and not \`${narrow.words}\``,
            label: opens ? 'open to everybody' : 'has no effect',
            related: [{ at: namePlace(last.lines[0]!), message: 'holds for both' }],
          }
        }
      }
    }
  },
})

interface AskingLocation extends Admission {
  readonly section: ApacheDirective
  readonly pattern: SectionPattern
}

/** The sections of each virtual host, and of the main server, that say whom they let in. */
function* locationsByHolder(configuration: ApacheConfiguration): Iterable<readonly AskingLocation[]> {
  const { occurrences } = configuration
  const holders = NAMES.flatMap(name => (occurrences.get(name) ?? []).map(({ parent }) => parent))
  for (const holder of new Set(holders))
    yield (holder === null ? mainServerLines(configuration) : holder.children)
      .filter(({ name }) => NAMES.includes(name.toLowerCase()))
      .flatMap(section => {
        const admission = admissionOf(section.children)
        return admission === null ? [] : [{ ...admission, section, pattern: sectionPattern(section) }]
      })
}

const NAMES: readonly string[] = ['location', 'locationmatch']

/** URLs that a section holds, put together once for all that are compared with it; null where nobody can list them. */
function urlsOf({ kind, text }: SectionPattern): readonly string[] | null {
  return kind === 'plain' ? [text, `${text.replace(/\/$/, '')}/${EXISTING}`] : null
}

/** True where a later section matches paths of another one, or may. */
function mayHold(later: SectionPattern, asked: readonly string[] | null): boolean {
  if (asked === null) return later.text === '/' || later.kind !== 'plain'
  return asked.some(path => locationApplies(later, path) !== false)
}

/** True where a later section matches all that this one does, and more. */
function isWider(later: SectionPattern, narrow: SectionPattern): boolean {
  const isSame = later.text.replace(/\/$/, '') === narrow.text.replace(/\/$/, '')
  return !isSame && coversLocation(later, narrow)
}

/** What a section lets everybody in for is the page of a login, where the later one asks for more than a password. */
function isReported(narrow: Admission, { letIn, section }: AskingLocation): boolean {
  if (letIn === 'mixed') return false
  if (narrow.letIn !== 'everybody') return true
  const type = section.children.findLast(({ name }) => name === 'AuthType')?.args[0]?.value.toLowerCase()
  return letIn !== 'user' || type === 'basic' || type === 'digest'
}

/** Told of by `apache/server-status-public`. */
function isStatusPage({ name, args }: ApacheDirective): boolean {
  return (
    name === 'SetHandler' &&
    /^(?:server-status|server-info|balancer-manager|ldap-status)$/.test(args[0]?.value ?? '')
  )
}
